import { library } from '../../tools/tsup.js'

export default library(['src/index.ts', 'src/main.ts'])
