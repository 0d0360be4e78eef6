import { Command, CommanderError } from 'commander';
import { describeAdopt, describeAudit, describeDoctor, describeDrift, describeWhy } from './commandLine/asking.js';
import { describeBrake, describeLink, describePlan, describeTransfer } from './commandLine/changing.js';
import type { Commands } from './commandLine/commands.js';
import { describeCrash } from './crash.js';
import { EXIT_CODES, ExitError } from './exit.js';
import { nearestWord } from './spelling.js';

/** Where texts for people go. */
export interface CliOutput {
  out(text: string): void;
  err(text: string): void;
}

const NAME = 'confluence-scim-bridge';
const MAX_MISTYPED_LETTERS = 2;
const CONFIGURATION_HELP = `
The settings are read from the environment and from a file .env in the current folder; .env.example explains them all.
Exit codes: 64 the command line, 69 the listen address, 75 try again: the database is away (serve), or Atlassian
could not be asked (why, drift), 78 the configuration, 1 anything else.`;

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
    output.err(describeCrash(error));
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
