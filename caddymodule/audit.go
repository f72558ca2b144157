package caddymodule

import (
	"log/slog"

	"github.com/caddyserver/caddy/v2"
)

func init() {
	caddy.RegisterModule(AuditLog{})
}

// AuditLog gives the audit its logger, whose name is the id of this module: one name for what the
// app and all handlers record, so that one `include atlassian_mcp.audit` in a `log` global option
// sends it to a place of its own. It has no settings and needs not be configured.
type AuditLog struct {
	logger *slog.Logger
}

// CaddyModule implements caddy.Module.
func (AuditLog) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "atlassian_mcp.audit", New: func() caddy.Module { return new(AuditLog) }}
}

// Provision implements caddy.Provisioner.
func (a *AuditLog) Provision(ctx caddy.Context) error {
	a.logger = ctx.Slogger()
	return nil
}

// auditLogger is the logger of the audit in this configuration.
func auditLogger(ctx caddy.Context) (*slog.Logger, error) {
	module, err := ctx.LoadModuleByID("atlassian_mcp.audit", nil)
	if err != nil {
		return nil, err
	}
	return module.(*AuditLog).logger, nil
}

// Interface guards
var _ caddy.Provisioner = (*AuditLog)(nil)
