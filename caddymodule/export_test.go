package caddymodule

import "time"

// What the tests, which see this package as Caddy does, need of its inside.
var (
	CheckEnv  = checkEnv
	Variables = variables
)

// SetMasterInterval makes changed secrets be noticed sooner, in what is loaded from now on.
func SetMasterInterval(d time.Duration) { masterInterval = d }
