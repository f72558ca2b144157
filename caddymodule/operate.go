package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// operatorCommands are the subcommands that ask a running Caddy.
func operatorCommands() []*cobra.Command {
	grants := &cobra.Command{Use: "grants", Short: "Who has signed in, through which assistant"}
	grants.AddCommand(grantsListCommand(), grantsRevokeCommand())
	users := &cobra.Command{Use: "users", Short: "Shuts people out and lets them in again"}
	users.AddCommand(usersListCommand(), usersBlockCommand(), usersUnblockCommand())
	keys := &cobra.Command{Use: "keys", Short: "The keys that seal client ids and records"}
	keys.AddCommand(keysRotateCommand())
	return []*cobra.Command{grants, users, keys, policyCommand()}
}

// adminNote ends the long help of each.
const adminNote = `

It asks the running Caddy at its admin endpoint: that of --address, or of the configuration in
--config, or the default one. With several nodes on one storage it does not matter which.`

// operatorCommand makes a command of f, with the flags that name the admin endpoint as "caddy reload"
// has them.
func operatorCommand(cmd *cobra.Command, f func(caddycmd.Flags) error) *cobra.Command {
	cmd.Long = strings.TrimSpace(cmd.Long) + adminNote
	cmd.DisableFlagsInUseLine = true
	if cmd.Args == nil {
		cmd.Args = cobra.NoArgs
	}
	cmd.Flags().StringP("config", "c", "", "Configuration file to use to parse the admin address, if --address is not used")
	cmd.Flags().StringP("adapter", "a", "", "Name of config adapter to apply (when --config is used)")
	cmd.Flags().StringP("address", "", "", "The address to use to reach the admin API endpoint, if not the default")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(func(fl caddycmd.Flags) (int, error) {
		if err := f(fl); err != nil {
			return caddy.ExitCodeFailedStartup, err
		}
		return caddy.ExitCodeSuccess, nil
	})
	return cmd
}

func grantsListCommand() *cobra.Command {
	cmd := operatorCommand(&cobra.Command{
		Use:   "list [--json] [--address <interface>]",
		Short: "Lists the sign-ins that live",
		Long: `
Lists the grants that live: who let which assistant in, since when, when it last renewed its
access, and when the grant ends if it does not do so again.`,
	}, func(fl caddycmd.Flags) error {
		var answer adminAnswer
		if err := askAdmin(fl, http.MethodGet, "/atlassian-mcp/grants", nil, &answer); err != nil {
			return err
		}
		if fl.Bool("json") {
			return printJSON(append([]adminGrant{}, answer.Grants...))
		}
		return printGrants(&answer)
	})
	cmd.Flags().Bool("json", false, "Print JSON, with client id, resource and scopes")
	return cmd
}

func grantsRevokeCommand() *cobra.Command {
	cmd := operatorCommand(&cobra.Command{
		Use:   "revoke --user <tenant id/object id> | --client <id or name> | --grant <id> | --all [--address <interface>]",
		Short: "Ends sign-ins",
		Long: `
Ends grants: those of a person, of an assistant by its client id or the name that it gave, a
single one, or all. Their refresh tokens end at once, their access tokens within 30 seconds on
every node. The person can sign in again; "users block" keeps them out.`,
	}, func(fl caddycmd.Flags) error {
		req := adminRequest{User: fl.String("user"), Client: fl.String("client"), Grant: fl.String("grant"), All: fl.Bool("all")}
		var answer adminAnswer
		if err := askAdmin(fl, http.MethodPost, "/atlassian-mcp/grants/revoke", req, &answer); err != nil {
			return err
		}
		for _, g := range answer.Grants {
			fmt.Printf("ended: %s, %s (%s), %s\n", g.ID, printable(g.Name), printable(g.User), printable(g.Assistant))
		}
		fmt.Printf("%s ended%s\n", count(answer.Ended, "grant"), soon(answer.Ended))
		return nil
	})
	cmd.Flags().String("user", "", "The person, as tenant id/object id")
	cmd.Flags().String("client", "", "The assistant, by client id or name")
	cmd.Flags().String("grant", "", "The grant, by the id that \"grants list\" shows")
	cmd.Flags().Bool("all", false, "Every grant")
	cmd.MarkFlagsOneRequired("user", "client", "grant", "all")
	cmd.MarkFlagsMutuallyExclusive("user", "client", "grant", "all")
	return cmd
}

func usersListCommand() *cobra.Command {
	return operatorCommand(&cobra.Command{
		Use:   "list [--address <interface>]",
		Short: "Lists who is blocked",
		Long:  "Lists the people whom \"users block\" has shut out.",
	}, func(fl caddycmd.Flags) error {
		var answer adminAnswer
		if err := askAdmin(fl, http.MethodGet, "/atlassian-mcp/users", nil, &answer); err != nil {
			return err
		}
		if len(answer.Users) > 0 {
			rows := [][]string{{"NAME", "USER", "BLOCKED SINCE"}}
			for _, u := range answer.Users {
				rows = append(rows, []string{u.Name, u.User, minute(u.Since)})
			}
			if err := printTable(rows); err != nil {
				return err
			}
		}
		fmt.Printf("%s blocked\n", count(len(answer.Users), "user"))
		return nil
	})
}

func usersBlockCommand() *cobra.Command {
	return operatorCommand(&cobra.Command{
		Use:   "block <tenant id/object id> [--address <interface>]",
		Short: "Shuts a person out",
		Long: `
Ends a person's grants and keeps them from signing in again. Their refresh tokens end at once,
their access tokens within 30 seconds on every node. It holds until "users unblock", whatever
becomes of the keys.`,
		Args: cobra.ExactArgs(1),
	}, func(fl caddycmd.Flags) error {
		var answer adminAnswer
		if err := askAdmin(fl, http.MethodPost, "/atlassian-mcp/users/block", adminRequest{User: fl.Arg(0)}, &answer); err != nil {
			return err
		}
		verb := "is blocked"
		if !answer.Changed {
			verb = "was blocked already"
		}
		fmt.Printf("%s %s; %s ended%s\n", fl.Arg(0), verb, count(answer.Ended, "grant"), soon(answer.Ended))
		return nil
	})
}

func usersUnblockCommand() *cobra.Command {
	return operatorCommand(&cobra.Command{
		Use:   "unblock <tenant id/object id> [--address <interface>]",
		Short: "Lets a blocked person in again",
		Long:  "Lets a person sign in again whom \"users block\" has shut out. Their grants stay ended.",
		Args:  cobra.ExactArgs(1),
	}, func(fl caddycmd.Flags) error {
		var answer adminAnswer
		if err := askAdmin(fl, http.MethodPost, "/atlassian-mcp/users/unblock", adminRequest{User: fl.Arg(0)}, &answer); err != nil {
			return err
		}
		if !answer.Changed {
			fmt.Printf("%s was not blocked\n", fl.Arg(0))
			return nil
		}
		fmt.Printf("%s is blocked no more and can sign in again\n", fl.Arg(0))
		return nil
	})
}

func keysRotateCommand() *cobra.Command {
	cmd := operatorCommand(&cobra.Command{
		Use:   "rotate [--revoke] [--address <interface>]",
		Short: "Makes a new key",
		Long: `
Makes a new key, which seals client ids and records from now on. What the older keys sealed still
opens, so nobody notices.

With --revoke the older keys are removed, as after a leak of the storage and of what protects it:
every assistant has to register again and everybody has to sign in again. Who is blocked stays so.
It has its effect within 30 seconds on every node, during which a sign-in that is just going on
may fail.`,
	}, func(fl caddycmd.Flags) error {
		req := adminRequest{Revoke: fl.Bool("revoke")}
		var answer adminAnswer
		if err := askAdmin(fl, http.MethodPost, "/atlassian-mcp/keys/rotate", req, &answer); err != nil {
			return err
		}
		if !req.Revoke {
			fmt.Println("a new key seals from now on; what the older ones sealed still opens")
			return nil
		}
		fmt.Printf("a new key seals from now on, and the older ones are revoked: %s ended, and assistants have to register again; on every node within 30 seconds\n",
			count(answer.Ended, "grant"))
		return nil
	})
	cmd.Flags().Bool("revoke", false, "Remove the older keys: everybody has to sign in again")
	return cmd
}

// askAdmin sends one request to the admin endpoint. Its errors say what to do.
func askAdmin(fl caddycmd.Flags, method, path string, req, answer any) error {
	address, err := caddycmd.DetermineAdminAPIAddress(fl.String("address"), nil, fl.String("config"), fl.String("adapter"))
	if err != nil {
		return fmt.Errorf("finding out the address of the admin endpoint: %w", err)
	}
	var body io.Reader
	if req != nil {
		raw, err := json.Marshal(req)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	resp, err := caddycmd.AdminAPIRequest(address, method, path, nil, body)
	if err != nil {
		return explainAdmin(address, err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("the answer of %s is not understood; is it a Caddy with this version of the plugin? %w", address, err)
	}
	return nil
}

// explainAdmin says what an error of Caddy's client means. That has no types, and quotes the answer.
func explainAdmin(address string, err error) error {
	text := err.Error()
	if strings.HasPrefix(text, "performing request") {
		return fmt.Errorf("no Caddy answers at %s: start it, name the address of its admin endpoint with --address, or remove `admin off` from its configuration: %w", address, err)
	}
	var quoted struct {
		Error string `json:"error"`
	}
	if i := strings.Index(text, "{"); i >= 0 && json.Unmarshal([]byte(text[i:]), &quoted) == nil && quoted.Error != "" {
		return errors.New(quoted.Error)
	}
	if strings.Contains(text, "HTTP 404") {
		return fmt.Errorf("the Caddy at %s does not have this plugin: run the one that you built with it", address)
	}
	return err
}

func printGrants(answer *adminAnswer) error {
	if len(answer.Grants) > 0 {
		rows := [][]string{{"NAME", "USER", "ASSISTANT", "SINCE", "LAST USED", "EXPIRES", "GRANT"}}
		for _, g := range answer.Grants {
			rows = append(rows, []string{g.Name, g.User, g.Assistant, minute(g.Since), minute(g.LastUsed), minute(g.Expires), g.ID})
		}
		if err := printTable(rows); err != nil {
			return err
		}
	}
	fmt.Printf("%s; times are UTC\n", count(len(answer.Grants), "grant"))
	if answer.Unreadable > 0 {
		fmt.Printf("%s more that no key opens: nobody can use them, and they go when they expire\n", count(answer.Unreadable, "record"))
	}
	return nil
}

func printTable(rows [][]string) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = printable(cell)
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

func printJSON(v any) error {
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "\t")
	return out.Encode(v)
}

// printable leaves out what could steer a terminal: people and assistants choose their names.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func soon(ended int) string {
	if ended == 0 {
		return ""
	}
	return "; access tokens stop working within 30 seconds"
}
