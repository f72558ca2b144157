// Package recordstest is storage in memory for tests, with faults on demand.
package recordstest

import (
	"context"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Memory implements records.Storage in memory. Several Stores over one Memory behave like several
// nodes over one storage. The zero value is ready.
type Memory struct {
	// Fault, when set, is asked before each operation; an error it returns is the operation's.
	Fault func(operation, key string) error

	mu     sync.Mutex
	values map[string][]byte
	locks  map[string]chan struct{}
	calls  int
}

// Lock implements records.Storage.
func (m *Memory) Lock(ctx context.Context, name string) error {
	if err := m.begin("lock", name); err != nil {
		return err
	}
	m.mu.Lock()
	if m.locks == nil {
		m.locks = make(map[string]chan struct{})
	}
	l := m.locks[name]
	if l == nil {
		l = make(chan struct{}, 1)
		m.locks[name] = l
	}
	m.mu.Unlock()
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unlock implements records.Storage.
func (m *Memory) Unlock(_ context.Context, name string) error {
	m.mu.Lock()
	l := m.locks[name]
	m.mu.Unlock()
	select {
	case <-l:
	default:
	}
	return m.begin("unlock", name)
}

// Store implements records.Storage.
func (m *Memory) Store(_ context.Context, key string, value []byte) error {
	if err := m.begin("store", key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = make(map[string][]byte)
	}
	m.values[key] = slices.Clone(value)
	return nil
}

// Load implements records.Storage.
func (m *Memory) Load(_ context.Context, key string) ([]byte, error) {
	if err := m.begin("load", key); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(value), nil
}

// Delete implements records.Storage.
func (m *Memory) Delete(_ context.Context, key string) error {
	if err := m.begin("delete", key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

// List implements records.Storage.
func (m *Memory) List(_ context.Context, prefix string, _ bool) ([]string, error) {
	if err := m.begin("list", prefix); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for key := range m.values {
		if strings.HasPrefix(key, prefix+"/") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// Dump returns a copy of everything stored.
func (m *Memory) Dump() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.values)
}

// Calls returns how many operations were begun.
func (m *Memory) Calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

func (m *Memory) begin(operation, key string) error {
	m.mu.Lock()
	m.calls++
	fault := m.Fault
	m.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(operation, key)
}
