import { library } from '../../tools/tsup.js'

export default library(['src/setup/main.ts'])
