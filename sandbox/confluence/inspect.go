package confluence

import "strconv"

// VersionMessage is what was kept with the current version of a page, for tests. No API that both
// deployments have tells it.
func (s *Server) VersionMessage(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, _ := strconv.ParseInt(id, 10, 64)
	if p := s.store.page(n); p != nil {
		return p.current().message
	}
	return ""
}
