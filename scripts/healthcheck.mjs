#!/usr/bin/env node
// Whether the bridge on this machine answers: exit 0 or 1. The image's HEALTHCHECK.
// It asks /healthz, not /readyz: a bridge that waits for Atlassian is well, and starting it anew would cure nothing.
import { get as getPlain } from 'node:http';
import { get as getTls } from 'node:https';

const { PORT = '8080', TLS_CERT_FILE } = process.env;
const get = TLS_CERT_FILE ? getTls : getPlain;
// Its certificate is for the name by which others reach it, and nothing secret is sent or believed.
const options = { host: '127.0.0.1', port: PORT, path: '/healthz', rejectUnauthorized: false, timeout: 4_000 };
const end = (isWell) => process.exit(isWell ? 0 : 1);
get(options, ({ statusCode }) => end(statusCode === 200))
  .on('timeout', () => end(false))
  .on('error', () => end(false));
