import { Argument, type Command } from 'commander';
import type { LinkWord } from '../provisioning/linkPlan.js';
import type { Commands } from './commands.js';

export function describeLink(program: Command, commands: Commands, exit: (code: number) => void): void {
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

export function describeBrake(program: Command, commands: Commands): void {
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

export function describeTransfer(program: Command, commands: Commands): void {
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

export function describePlan(program: Command, commands: Commands, exit: (code: number) => void): void {
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
