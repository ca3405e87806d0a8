import { cp } from 'node:fs/promises'
import { library } from '../../tools/tsup.js'

export default library(['src/index.ts', 'src/main.ts'], {
  // `haba init` copies them.
  onSuccess: () => cp('../../recipes', 'dist/recipes', { recursive: true }),
})
