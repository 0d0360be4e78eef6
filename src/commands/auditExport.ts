import { once } from 'node:events';
import { exportAudit } from '../audit/export.js';
import { AUDIT_FORMATS, type AuditFormatName } from '../audit/formats.js';
import { readConfig } from '../config.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { Failure } from '../provisioning/failure.js';
import { readRecords } from '../store/reading.js';

/**
 * Writes the audit to standard output, in the order in which it was written. It reads the store alone, in little memory,
 * and may run beside a bridge that serves.
 *
 * @param sinceIso everything when undefined
 * @throws ConfigurationError; ExitError when there is no store to read
 */
export async function auditExport(sinceIso: string | undefined, format: AuditFormatName): Promise<void> {
  const { databaseUrl } = readConfig(loadEnvironment());
  try {
    await readRecords(databaseUrl, async ({ audit }) => {
      for await (const text of exportAudit(audit, AUDIT_FORMATS[format], sinceIso)) {
        // Whoever reads may be slower than the store.
        if (!process.stdout.write(text)) await once(process.stdout, 'drain');
      }
    });
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  }
}
