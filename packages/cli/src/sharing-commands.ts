import { Option, type Command } from 'commander'
import { exportCommand, formatNames, type ExportOptions } from './commands/export.js'
import { packCommand, type PackOptions } from './commands/pack.js'
import { allowPlugin, flags } from './flags.js'
import type { Terminal } from './tell/progress.js'

/** Adds the commands that bring a set elsewhere. */
export function addSharingCommands(haba: Command, terminal: Terminal): void {
  haba
    .command('pack')
    .summary('make one file of a finished run, to send or to keep')
    .description(
      'Writes the set of a run with its manifest, its configuration, its results and its preprocessing into one safetensors ' +
        'file. show, evaluate, compare and export take the file as they take the folder. Checkpoints and metrics stay ' +
        'behind: the file cannot be resumed.',
    )
    .argument('<run>', 'a run folder')
    .option('-o, --out <file>', 'the file (default: RUN.haba.safetensors)')
    .addOption(allowPlugin())
    .action((run: string, options: PackOptions) => packCommand(run, options, terminal))

  haba
    .command('export')
    .summary('write the images of a set for other tools')
    .description(
      'Writes every image of a set, under every view, as pixels: preprocessing undone, rounded and clamped. png: one folder ' +
        'and labels.csv; imagefolder: a folder for each class; npz: set.npz for NumPy, also with the values that networks ' +
        'saw; huggingface: parquet and a card, for datasets.load_dataset. imagefolder cannot hold soft labels and takes the ' +
        'most probable class.',
    )
    .argument('<run>', 'a run folder, or a file of `haba pack`')
    .addOption(new Option('-t, --to <format>', 'the format').choices([...formatNames]).makeOptionMandatory())
    .requiredOption('-o, --out <folder>', 'a new or empty folder')
    .option(...flags.data)
    .option(...flags.engine)
    .addOption(allowPlugin())
    .action((run: string, options: ExportOptions) => exportCommand(run, options, terminal))
}
