import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** A package imports core and nothing else of ours; `allow` names exceptions. */
const imports = ({ tensorflow, allow = [] }) => ({
  '@typescript-eslint/no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          group: ['@haba/*', ...['@haba/core', ...allow].map((name) => `!${name}`)],
          message:
            'A package imports @haba/core and nothing else of ours: pass it in as a value, or move it down to core.',
        },
        ...(tensorflow
          ? []
          : [
              {
                group: ['@tensorflow/*'],
                allowTypeImports: true,
                message:
                  'Only core, the engines and @haba/tfjs call tfjs: use the ops of @haba/core (type imports are fine).',
              },
            ]),
      ],
    },
  ],
})

const chance = 'Chance is a Key, folded by label; there is no clock and no global generator.'

/** Where assertions are left that types cannot check yet. The list only gets shorter. */
const asserting = [
  'packages/augment/src/{legacy,mixing}.ts',
  'packages/cli/src/command-line.ts',
  'packages/cli/src/assemble/{config-budget,labels,make-set,sizes}.ts',
  'packages/cli/src/commands/{compare,options,recipes,scores,search}.ts',
  'packages/cli/src/config/validate.ts',
  'packages/cli/src/folder/{draw-run,encode-run,file-schemas,finished-run,open-set,owner,pictures}.ts',
  'packages/cli/src/folder/{preprocessing-file,recorded-experts,run-folder,versions}.ts',
  'packages/cli/src/measure/{measuring,stored-images,taught-images,worker-pool}.ts',
  'packages/cli/src/plugins/selections.ts',
  'packages/codec/src/{refine,tensors,transform}.ts',
  'packages/core/src/{check-arguments,checked-json,finite,identity,system-error,write-whole}.ts',
  'packages/core/src/autodiff/plain-ops.ts',
  'packages/core/src/compile/{build,direct-engine,linearize,trace}.ts',
  'packages/core/src/ops/{apply,kernels,layout,linear,sources}.ts',
  'packages/core/src/optim/sgd.ts',
  'packages/core/src/train/{student,trainer}.ts',
  'packages/core/src/tree/{copies,reorder,safetensors,tree}.ts',
  'packages/datasets/src/{decoded-cache,decoder,fetch-files,idx,image-folder,mat,parquet,parquet-shard}.ts',
  'packages/datasets/src/{resize,tiny-imagenet,unpack}.ts',
  'packages/distill/src/{checkpoint,finished-set,gradient,programs,start,step,tesla}.ts',
  'packages/engine-onnx/**',
  'packages/engine-tensorflow/src/{binding,lower,operands,probe,replay}.ts',
  'packages/hallucinator/src/{adversarial-contrast,hallucinate,initializers}.ts',
  'packages/matching/src/features/cafe-terms.ts',
  'packages/meta/src/{initial-weights,label-step,unrolled-training}.ts',
  'packages/networks/src/{normalizations,pytorch,unit}.ts',
  'packages/sets/src/{labeled,rtp,splat}.ts',
  'packages/testing/src/engine/{elementwise-cases,layout-cases,linear-cases,linearize-suite}.ts',
  'packages/testing/src/reference/{convolution,evaluate,kernels}.ts',
  'packages/testing/src/suites/{adjoint-gradient,test-game,test-network,test-objective}.ts',
  'packages/tfjs/src/{from-layers-model,from-tensors,from-tf-data,initial-values,layer-operations}.ts',
  'packages/tfjs/src/{read-tensors,sets,to-layers-model}.ts',
]

export default defineConfig(
  globalIgnores([
    '**/dist/',
    '**/node_modules/',
    'docs/api/',
    '**/*.gen.ts',
    '**/gen/',
    'coverage/',
    'tools/scratch/',
    'runs/',
    '.nx/',
  ]),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.{test,fixture,test-data}.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: chance },
        { object: 'Date', property: 'now', message: chance },
        ...[
          'rand',
          'randomGamma',
          'randomNormal',
          'randomStandardNormal',
          'randomUniform',
          'randomUniformInt',
          'truncatedNormal',
          'multinomial',
        ].map((property) => ({ object: 'tf', property, message: chance })),
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: chance },
        {
          selector:
            'ImportDeclaration[source.value=/^@tensorflow/] ImportSpecifier[imported.name=/^(rand|random[A-Z].*|truncatedNormal|multinomial)$/]',
          message: chance,
        },
        { selector: 'TSEnumDeclaration', message: 'A union of strings says the same, without a class behind it.' },
        { selector: 'ExportAllDeclaration', message: 'List names one by one: what is not exported does not exist.' },
      ],
      ...imports({ tensorflow: false }),
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.{test,fixture,test-data}.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'error' },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.{test,fixture,test-data}.ts', ...asserting],
    rules: { '@typescript-eslint/no-unsafe-type-assertion': 'error' },
  },
  {
    files: ['packages/core/src/{ops,tree,autodiff,compile}/**/*.ts', 'packages/{engine-*,testing,tfjs}/src/**/*.ts'],
    ignores: ['**/*.{test,fixture,test-data}.ts'],
    rules: imports({ tensorflow: true }),
  },
  { files: ['packages/cli/src/**/*.ts'], rules: imports({ tensorflow: false, allow: ['@haba/*'] }) },
  {
    files: ['packages/*/src/**/*.{test,fixture,test-data}.ts'],
    ignores: ['packages/cli/**'],
    rules: imports({ tensorflow: true, allow: ['@haba/testing', '@haba/engine-*'] }),
  },
  { files: ['packages/cli/src/**/*.test.ts'], rules: { '@typescript-eslint/no-restricted-imports': 'off' } },
)
