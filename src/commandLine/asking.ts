import { type Command, InvalidArgumentError, Option } from 'commander';
import { AUDIT_FORMATS, type AuditFormatName } from '../audit/formats.js';
import { parseSince } from '../audit/since.js';
import { systemClock } from '../clock.js';
import { DEFAULT_REPAIRS, REPAIR_NAMES, type RepairName } from '../drift/findings.js';
import type { Commands } from './commands.js';

export function describeAdopt(program: Command, commands: Commands): void {
  program
    .command('adopt')
    .description('show what the first contact with people and groups that were there before will do; changes nothing')
    .argument('[file]', 'a list of addresses or ids, one a line, - for standard input; without it: all who have access')
    .option('--dry-run', 'show it; there is nothing else that this command does', false)
    .option('--json', 'print a JSON object a line', false)
    .action((file: string | undefined, { dryRun, json }: { dryRun: boolean; json: boolean }, command: Command) => {
      if (!dryRun) {
        command.error(
          'People and groups are adopted when the identity provider first sends them, so there is nothing to do here; to see what that will do, add --dry-run.',
        );
      }
      return commands.adopt(file, { json });
    });
}

export function describeDoctor(program: Command, commands: Commands, exit: (code: number) => void): void {
  program
    .command('doctor')
    .description('check settings, credentials and access groups, and say what to do')
    .option('--json', 'print the findings as JSON', false)
    .option('--write-test', 'try writes on the real site, with a group that is deleted again; asks first', false)
    .option('--site <host>', 'with --write-test: the site it shall write to, such as acme.atlassian.net')
    .option('--person <email>', 'with --write-test: also give this new person access, and take it again', toEmail)
    .option('--yes', 'with --write-test: do not ask', false)
    .action(async ({ json, writeTest, site, person, yes }: DoctorOptions, command: Command) => {
      if (writeTest) {
        if (site === undefined) command.error('Type the site that the test shall write to: --site acme.atlassian.net.');
        exit(await commands.writeTest({ site, person, yes, json }));
        return;
      }
      if (site !== undefined || person !== undefined || yes) {
        command.error('--site, --person and --yes belong to --write-test.');
      }
      exit(await commands.doctor({ json }));
    });
}

interface DoctorOptions {
  readonly json: boolean;
  readonly writeTest: boolean;
  readonly site?: string;
  readonly person?: string;
  readonly yes: boolean;
}

function toEmail(text: string): string {
  if (!/^[^\s@]+@[^\s@]+$/.test(text)) throw new InvalidArgumentError('Give an e-mail address such as test@acme.com.');
  return text;
}

export function describeWhy(program: Command, commands: Commands, exit: (code: number) => void): void {
  program
    .command('why')
    .description('explain why somebody has access to Confluence, or has none, and who changed it')
    .argument('[person]', 'an e-mail address, userName, user id or account id')
    .option('--group <group>', 'explain a group instead: its id, or a name of it')
    .option('--json', 'print it as JSON', false)
    .action(
      async (person: string | undefined, { group, json }: { group?: string; json: boolean }, command: Command) => {
        if ((person === undefined) === (group === undefined)) {
          command.error('Name one person, or one group with --group.');
        }
        exit(await commands.why(group === undefined ? { person: person ?? '' } : { group }, { json }));
      },
    );
}

export function describeAudit(program: Command, commands: Commands): void {
  const names = Object.keys(AUDIT_FORMATS);
  program
    .command('audit')
    .description('read the audit')
    .command('export')
    .description('print the audit, ids only, oldest first')
    .option('--since <time>', 'from then on: 2026-07-01, 2026-07-01T08:00Z, or an age such as 12h, 7d', toSince)
    .addOption(new Option('--format <format>', 'how to print it').choices(names).default('jsonl'))
    .action(({ since, format }: { since?: string; format: AuditFormatName }) => commands.auditExport(since, format));
}

export function describeDrift(program: Command, commands: Commands, exit: (code: number) => void): void {
  program
    .command('drift')
    .description(
      'compare the record with Confluence, and say what differs; exit 0 nothing, 1 something, 75 not all compared',
    )
    .option('--json', 'print it as JSON', false)
    .addOption(
      new Option(
        '--repair [kinds]',
        `put it right, after showing the plan: ${REPAIR_NAMES.join(',')} or all; without a value ${DEFAULT_REPAIRS.join(',')}`,
      )
        .preset(DEFAULT_REPAIRS.join(','))
        .argParser(toRepairs),
    )
    .option('--yes', 'with --repair: do not ask', false)
    .action(
      async (
        { json, repair, yes }: { json: boolean; repair?: readonly RepairName[]; yes: boolean },
        command: Command,
      ) => {
        if (yes && repair === undefined) command.error('--yes belongs to --repair.');
        if (json && repair !== undefined) command.error('--json is for a comparison without --repair.');
        exit(await commands.drift({ json, repair, yes }));
      },
    );
}

function toRepairs(text: string): readonly RepairName[] {
  if (text === 'all') return REPAIR_NAMES;
  const names = text.split(',').map((name) => REPAIR_NAMES.find((known) => known === name.trim()));
  const known = names.filter((name) => name !== undefined);
  if (known.length === names.length) return [...new Set(known)];
  throw new InvalidArgumentError(`There are ${REPAIR_NAMES.join(', ')} and all.`);
}

function toSince(text: string): string {
  const since = parseSince(text, systemClock.now());
  if (since === undefined) throw new InvalidArgumentError('Give a time such as 2026-07-01, 2026-07-01T08:00Z or 7d.');
  return since;
}
