import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { AUDIT_FORMATS, type AuditFormatName } from './audit/formats.js';
import { parseSince } from './audit/since.js';
import { systemClock } from './clock.js';
import type { Transferred } from './commands/transfer.js';
import { DEFAULT_REPAIRS, REPAIR_NAMES, type RepairName } from './drift/findings.js';
import { EXIT_CODES, ExitError } from './exit.js';
import { createRedactor } from './observability/redact.js';
import type { LinkWord } from './provisioning/linkPlan.js';
import { nearestWord } from './spelling.js';
import type { Question } from './why/explain.js';

/**
 * What the commands do. Each loads its own modules when it is called, so that `help` and a mistyped command answer at
 * once. A command that fails for a reason the operator can cure throws an ExitError.
 */
export interface Commands {
  /** Resolves when the bridge listens; the process lives on. */
  serve(): Promise<void>;
  /**
   * @param options.keep leaves sandbox and bridge running afterwards
   * @param options.full tells the longer story
   */
  demo(options: { readonly keep: boolean; readonly full: boolean }): Promise<void>;
  sandbox(): Promise<void>;
  /** @returns the exit code: checks that failed are a result, not an error */
  doctor(options: { readonly json: boolean }): Promise<number>;
  /** @returns the exit code: answers that were not as believed are a result */
  writeTest(options: {
    readonly site: string;
    readonly person: string | undefined;
    readonly yes: boolean;
    readonly json: boolean;
  }): Promise<number>;
  /** @param file a list of addresses or ids, `-` for standard input; undefined for everybody with access */
  adopt(file: string | undefined, options: { readonly json: boolean }): Promise<void>;
  /** @returns the exit code: an operator who does not agree is a result */
  link(email: string, account: string, options: LinkWord & { readonly yes: boolean }): Promise<number>;
  /** @param who an e-mail address, or an id */
  deactivate(who: string): Promise<void>;
  /** @param options.for how long a release lasts, as typed */
  brake(action: 'status' | 'release', options: { readonly for?: string }): Promise<void>;
  /** @param what an e-mail address, userName or id of a person, or the name or id of a group */
  transfer(what: Transferred, caller: string): Promise<void>;
  plan(options: { readonly json: boolean }): Promise<void>;
  /** @returns the exit code: steps that failed, and no agreement, are results */
  applyPlanned(options: { readonly site: string | undefined; readonly yes: boolean }): Promise<number>;
  /** @returns the exit code: nobody found, and an Atlassian that could not be asked, are results */
  why(question: Question, options: { readonly json: boolean }): Promise<number>;
  /** @returns the exit code: differences, and what could not be compared, are results */
  drift(options: {
    readonly json: boolean;
    readonly repair: readonly RepairName[] | undefined;
    readonly yes: boolean;
  }): Promise<number>;
  /** @param sinceIso everything when undefined */
  auditExport(sinceIso: string | undefined, format: AuditFormatName): Promise<void>;
}

/** Where texts for people go. */
export interface CliOutput {
  out(text: string): void;
  err(text: string): void;
}

const NAME = 'confluence-scim-bridge';
const MAX_MISTYPED_LETTERS = 2;
const CONFIGURATION_HELP = `
The settings are read from the environment and from a file .env in the current folder; .env.example explains them all.
Exit codes: 64 the command line, 69 the listen address, 75 Atlassian could not be asked (why, drift),
78 the configuration, 1 anything else.`;

/**
 * Carries out a command line.
 *
 * @param args what follows the name of the program; nothing means `serve`
 * @returns the exit code; the process may have to live on (`serve`)
 */
export async function runCommandLine(args: readonly string[], commands: Commands, output: CliOutput): Promise<number> {
  let exitCode: number = EXIT_CODES.ok;
  const program = describeProgram(commands, output, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its own message, and throws for --help, too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    if (error instanceof ExitError) {
      output.err(`${error.message}\n`);
      return error.exitCode;
    }
    output.err(`${NAME} met an error of its own:\n${JSON.stringify(createRedactor([]).value(error), undefined, 2)}\n`);
    return EXIT_CODES.failure;
  }
}

function describeProgram(commands: Commands, output: CliOutput, exit: (code: number) => void): Command {
  const program = new Command(NAME)
    .description('Provisions people and groups of an identity provider into Confluence Cloud, over SCIM 2.0.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.err(text) })
    .showHelpAfterError(`Run "${NAME} help" for the commands.`)
    .addHelpText('after', CONFIGURATION_HELP)
    .usage('[command]')
    .helpCommand('help [command]', 'explain a command');
  program
    .command('serve')
    .description('run the bridge (what happens without a command)')
    .action(() => commands.serve());
  program
    .command('demo')
    .description('play an identity provider against a stand-in for Atlassian; needs no settings')
    .option('--keep', 'leave both running and print curl lines to try', false)
    .option('--full', 'tell the longer story', false)
    .action((options: { keep: boolean; full: boolean }) => commands.demo(options));
  program
    .command('sandbox')
    .description('run the stand-in for Atlassian alone')
    .action(() => commands.sandbox());
  describeDoctor(program, commands, exit);
  describeAdopt(program, commands);
  describeLink(program, commands, exit);
  program
    .command('deactivate')
    .description('take the access of one person now, whatever the brake says')
    .argument('<email>', 'the address, or the id of somebody whose address is hidden')
    .action((who: string) => commands.deactivate(who));

  describeBrake(program, commands);
  describeTransfer(program, commands);
  describePlan(program, commands, exit);
  describeWhy(program, commands, exit);
  describeAudit(program, commands);
  describeDrift(program, commands, exit);

  // Not commander's default command: a mistyped name would become an argument of it ("too many arguments for serve").
  program.argument('[command]').action(async (name: string | undefined) => {
    if (name === undefined) return commands.serve();
    const known = program.commands.map((command) => command.name());
    const meant = nearestWord(name.toLowerCase(), [...known, 'help'], MAX_MISTYPED_LETTERS);
    const hint = meant === undefined ? `There are ${known.join(', ')} and help.` : `Did you mean ${meant}?`;
    program.error(`There is no command "${name}". ${hint}`);
  });
  return program;
}

function describeAdopt(program: Command, commands: Commands): void {
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

function describeLink(program: Command, commands: Commands, exit: (code: number) => void): void {
  program
    .command('link')
    .description('link a person to an account that Atlassian hides or that has changed; shows the evidence, then asks')
    .argument('<email>', 'the address as the identity provider knows it')
    .argument('<account>', 'the Atlassian account id')
    .option('--address-differs', 'it is this account, whatever address Atlassian shows or names', false)
    .option('--stale-invitation', 'it is still meant, though the invitation is older than 30 days', false)
    .option('--merged', 'the account on record is gone: it was merged into this one', false)
    .option('--recycled', 'the address was passed on to another person than the one on record', false)
    .option('--yes', 'do not ask', false)
    .action(
      async (email: string, account: string, options: Required<LinkWord> & { yes: boolean }, command: Command) => {
        if (options.merged && options.recycled) command.error('Say --merged or --recycled, not both.');
        exit(await commands.link(email, account, options));
      },
    );
}

function describeBrake(program: Command, commands: Commands): void {
  program
    .command('brake')
    .description('show what the mass-removal brake counts and refuses, or release it')
    .addArgument(new Argument('[action]', 'what to do; status, unless --for is given').choices(['status', 'release']))
    .option('--for <duration>', 'let everything pass for so long, such as 30m or 1h')
    .action((action: 'status' | 'release' | undefined, options: { for?: string }) => {
      if (action === 'status' && options.for !== undefined) program.error('--for belongs to release.');
      return commands.brake(action ?? (options.for === undefined ? 'status' : 'release'), options);
    });
}

function describeTransfer(program: Command, commands: Commands): void {
  program
    .command('transfer')
    .description('make another caller of SCIM_TOKENS the owner of a person or group')
    .usage('<person> <caller> | --group <group> <caller>')
    .argument('<names...>', 'the e-mail address, userName or id of a person, and the caller; or the caller alone')
    .option('--group <group>', 'hand over a group instead, with its members: its id, or a name of it')
    .action((names: readonly string[], { group }: { group?: string }, command: Command) => {
      const words = group === undefined ? names : ['', ...names];
      const [person = '', caller = ''] = words;
      if (words.length !== 2) command.error('Name one person and one caller, or with --group one caller.');
      return commands.transfer(group === undefined ? { person } : { group }, caller);
    });
}

function describePlan(program: Command, commands: Commands, exit: (code: number) => void): void {
  program
    .command('plan')
    .description('show what MODE=observe planned, as the calls that it comes to, or carry it out')
    .addArgument(new Argument('[action]', 'apply carries it out, after the site was typed').choices(['apply']))
    .option('--json', 'print the plan as JSON', false)
    .option('--site <host>', 'with apply: the site that the plan is for, such as acme.atlassian.net')
    .option('--yes', 'with apply and --site: do not ask', false)
    .action(async (action: 'apply' | undefined, { json, site, yes }: PlanOptions, command: Command) => {
      if (action === undefined) {
        if (site !== undefined || yes) command.error('--site and --yes belong to apply.');
        await commands.plan({ json });
        return;
      }
      if (json) command.error('--json belongs to plan without apply.');
      if (yes && site === undefined) command.error('--yes needs the site: --site acme.atlassian.net.');
      exit(await commands.applyPlanned({ site, yes }));
    });
}

interface PlanOptions {
  readonly json: boolean;
  readonly site?: string;
  readonly yes: boolean;
}

function describeDoctor(program: Command, commands: Commands, exit: (code: number) => void): void {
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

function describeWhy(program: Command, commands: Commands, exit: (code: number) => void): void {
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

function describeAudit(program: Command, commands: Commands): void {
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

function describeDrift(program: Command, commands: Commands, exit: (code: number) => void): void {
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
