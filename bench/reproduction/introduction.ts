/** The document's first part. */
export const introduction = (cells: number, run: number): string => `# Reproduction

Every cell of the papers' tables whose method is in this repository: its published accuracy, ours, and how far ours was run. Of
${cells} configurations ${run} were run, in whole or in part. A cell without a number under "ours" is only a configuration; nothing is
claimed for it. \`npm run reproduction -- --document\` writes this page, its pictures and the configurations
of all cells into \`bench/reproduction/cells\`, from the table in \`bench/reproduction/settings.ts\`.

## How to run it

A cell is a configuration file for \`haba\`. If it needs experts, record them first:

\`\`\`sh no-run
npm run reproduction -- --document
node packages/cli/bin/haba.js data get cifar10
node packages/cli/bin/haba.js experts bench/reproduction/cells/cifar10-1-haba.json
node packages/cli/bin/haba.js distill bench/reproduction/cells/cifar10-1-haba.json
\`\`\`

The runner does the same, tests the set during the run, and writes \`bench/reproduction/results/NAME.json\`. It takes names and globs,
shares experts between cells, and resumes:

\`\`\`sh no-run
npm run reproduction -- mnist-1-dc mnist-1-dsa mnist-1-dm
npm run reproduction -- "cifar10-1-*" --time 8h --data data
npm run reproduction -- cifar10-1-haba --expert-count 4 --expert-epochs 4 --iterations 600
npm run reproduction -- cifar10-10-mtt --networks
\`\`\`

- \`--time 8h\` stops distilling after a step, and the set is then tested. Ctrl-C stops at once. The same command resumes.
- \`--iterations N\` stops each cell after N iterations; more can follow.
- \`--tests 1000,5000\`: iterations at which sets are tested, instead of 50, 100, 150, 300, … Testing a set takes minutes.
- \`--data FOLDER\` holds the published files or \`train/<class>\` and \`test/<class>\`, in a folder for each dataset
  (\`FOLDER/cifar10\`) or at its top.
- \`--experts FOLDER\` uses existing experts; \`--expert-count\` and \`--expert-epochs\` record fewer or shorter ones.
- \`--networks\` tests other networks before the last iteration, too.
- \`--runs FOLDER\` and \`--results FOLDER\`: instead of \`runs/reproduction\` and \`bench/reproduction/results\`. For a cell
  that takes several sessions, \`--runs bench/reproduction/unfinished\` keeps its run folder under version control, so that any clone
  can resume it. A result without a run folder can only be measured again from the start, with a \`--results\` folder of its own.

## How to read it

- **Images**: of every class, as the papers count budgets. **Floats**: all that the set stores, with a learned step size. **As
  images**: the same floats in images a class. HaBa has 1, 9 and 49 bases a class and five hallucinators; with one basis a class it
  stores the floats of more than one image a class, on CIFAR-10 of nearly two.
- **Ours**: percent on test data, mean ± population deviation over five networks trained on one set, after the last iteration that was
  run. DC, DSA and DM report 100 networks on five sets. MTT and HaBa report the best of their evaluations, chosen by test accuracy;
  here nothing is chosen, and every evaluation is shown.
- **Random**: as many random real images as the floats allow, under the same protocol.
- **Status**: \`measured\` is run to the end; \`partly\` says how far.
- Numbers of other papers under "published" may come from codes that differ; MTT on CIFAR-10 is 46.2 and
  65.4 in FTD, and k-center is lower in DC's paper than in AutoPalette.
`
