import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { createMetrics, serveMetrics } from '../../src/observability/metrics.js';

async function linesOf(metrics: { render(): Promise<string> }): Promise<string[]> {
  return (await metrics.render()).split('\n').filter((line) => !line.startsWith('#'));
}

describe('metrics', () => {
  it('counts requests by method, route and status', async () => {
    const metrics = createMetrics(() => 0);
    metrics.request({ method: 'GET', route: '/scim/v2/Users', status: 200, durationMs: 40 });
    metrics.request({ method: 'GET', route: '/scim/v2/Users', status: 200, durationMs: 60 });
    metrics.request({ method: 'BREW', route: 'unknown', status: undefined, durationMs: 1 });

    const lines = await linesOf(metrics);

    expect(lines).toContain(
      'confluence_scim_bridge_requests_total{method="GET",route="/scim/v2/Users",status="200"} 2',
    );
    expect(lines).toContain('confluence_scim_bridge_requests_total{method="other",route="unknown",status="none"} 1');
    expect(lines).toContain(
      'confluence_scim_bridge_request_duration_seconds_sum{method="GET",route="/scim/v2/Users"} 0.1',
    );
  });

  it('counts upstream calls by operation and status', async () => {
    const metrics = createMetrics(() => 0);
    metrics.upstreamCall({ operation: 'confluence.addMember', status: 429, durationMs: 10 });
    metrics.upstreamCall({ operation: 'confluence.addMember', status: undefined, durationMs: 10 });

    const lines = await linesOf(metrics);

    const name = 'confluence_scim_bridge_upstream_calls_total';
    expect(lines).toContain(`${name}{operation="confluence.addMember",status="429"} 1`);
    expect(lines).toContain(`${name}{operation="confluence.addMember",status="none"} 1`);
  });

  it('tells the age of the index at the time of asking', async () => {
    let nowMs = 1_000_000;
    const metrics = createMetrics(() => nowMs);
    expect(await linesOf(metrics)).toContain('confluence_scim_bridge_index_age_seconds Nan');

    metrics.indexed({ scannedAtMs: nowMs, people: 12 });
    nowMs += 90_000;

    const lines = await linesOf(metrics);
    expect(lines).toContain('confluence_scim_bridge_index_age_seconds 90');
    expect(lines).toContain('confluence_scim_bridge_index_people 12');
  });

  it('counts scans by how they ended', async () => {
    const metrics = createMetrics(() => 0);
    metrics.scanEnded('committed', 1_500);
    metrics.scanEnded('rateLimited', 500);

    const lines = await linesOf(metrics);

    expect(lines).toContain('confluence_scim_bridge_scans_total{outcome="committed"} 1');
    expect(lines).toContain('confluence_scim_bridge_scans_total{outcome="rateLimited"} 1');
    expect(lines).toContain('confluence_scim_bridge_scan_duration_seconds_sum 2');
  });

  it('shows leavers with access, a refused credential and running jobs [SA5]', async () => {
    const metrics = createMetrics(() => 0);
    metrics.leaversWithAccess(3);
    metrics.credentialRefused(true);
    metrics.jobsRunning(2);

    const lines = await linesOf(metrics);

    expect(lines).toContain('confluence_scim_bridge_leavers_with_access 3');
    expect(lines).toContain('confluence_scim_bridge_credential_refused 1');
    expect(lines).toContain('confluence_scim_bridge_jobs_running 2');
    metrics.credentialRefused(false);
    expect(await linesOf(metrics)).toContain('confluence_scim_bridge_credential_refused 0');
  });

  it('tells when a credential expires where that was noted, and nothing where it was not', async () => {
    const metrics = createMetrics(() => 0);
    const NAME = 'confluence_scim_bridge_credential_expiry_timestamp_seconds';
    expect((await linesOf(metrics)).filter((line) => line.startsWith(NAME))).toEqual([]);

    metrics.credentialExpires('organization', Date.UTC(2027, 2, 31));

    expect(await linesOf(metrics)).toContain(`${NAME}{credential="organization"} 1806451200`);
  });

  it('of two bridges in one process do not mix', async () => {
    const [one, other] = [createMetrics(() => 0), createMetrics(() => 0)];
    one.jobsRunning(5);
    expect(await linesOf(other)).toContain('confluence_scim_bridge_jobs_running 0');
  });

  it('are served as Prometheus reads them', async () => {
    const app = express().get('/metrics', serveMetrics(createMetrics(() => 0)));
    const reply = await request(app).get('/metrics');
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(reply.text).toContain('# TYPE confluence_scim_bridge_requests_total counter');
  });
});
