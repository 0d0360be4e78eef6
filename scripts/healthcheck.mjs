#!/usr/bin/env node
// Whether the bridge on this machine answers: exit 0 or 1. The image's HEALTHCHECK.
// It asks /healthz, not /readyz: a bridge that waits for Atlassian is well, and starting it anew would cure nothing.
const url = `http://127.0.0.1:${process.env.PORT ?? 8080}/healthz`;
const isWell = await fetch(url, { signal: AbortSignal.timeout(4_000) }).then(
  (response) => response.ok,
  () => false,
);
process.exitCode = isWell ? 0 : 1;
