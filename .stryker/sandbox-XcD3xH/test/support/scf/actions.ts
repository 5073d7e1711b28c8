import {
  move,
  look,
  refuseWhileMoving,
  ScfRefusal,
  type Input,
  type ScfAction,
  type ScfFunction,
  type ScfWorld,
} from './state.ts';
import { PUBLISHING } from './publishing.ts';

/** Does what an action says. @throws ScfRefusal */
export function perform(world: ScfWorld, action: string, sent: Input): object {
  const { FunctionName, ...input } = sent;
  const name = String(FunctionName);
  if (action === 'CreateFunction') return create(world, name, input);
  const found = world.functions.get(name);
  if (!found) throw new ScfRefusal('ResourceNotFound.Function', `no function ${name}`);
  const act = ACTIONS[action] ?? PUBLISHING[action];
  if (!act) throw new ScfRefusal('InvalidAction');
  return act(found, input, world);
}

function create(world: ScfWorld, name: string, input: Input): object {
  if (world.functions.has(name)) throw new ScfRefusal('ResourceInUse.Function');
  const { Code, CodeSource, ...config } = input;
  const zip = Object(Code).ZipFile;
  if (CodeSource !== 'ZipFile' || typeof zip !== 'string')
    throw new ScfRefusal('MissingParameter.Code');
  const made: ScfFunction = {
    latest: { config, zip, description: '' },
    versions: new Map(),
    aliases: new Map([['$DEFAULT', '$LATEST']]),
    triggers: [],
    state: 'Active',
  };
  world.functions.set(name, made);
  move(world, made, 'Creating', 'CreateFunction');
  return {};
}

const ACTIONS: Readonly<Record<string, ScfAction>> = {
  GetFunction(found, { Qualifier = '$LATEST' }) {
    if (Qualifier === '$LATEST') {
      found.state = look(found, found.state);
      return { ...found.latest.config, Status: found.state };
    }
    const version = found.versions.get(String(Qualifier));
    if (!version) throw new ScfRefusal('ResourceNotFound.FunctionVersion');
    return { ...version.config, Status: look(version, 'Active') };
  },
  UpdateFunctionCode(found, { ZipFile, Handler }, world) {
    refuseWhileMoving(found);
    const config = { ...found.latest.config, ...(Handler !== undefined && { Handler }) };
    found.latest = { ...found.latest, config, zip: String(ZipFile) };
    move(world, found, 'Updating', 'UpdateFunctionCode');
    return {};
  },
  UpdateFunctionConfiguration(found, config, world) {
    refuseWhileMoving(found);
    if ('Runtime' in config) throw new ScfRefusal('InvalidParameterValue.Runtime');
    found.latest = { ...found.latest, config: { ...found.latest.config, ...config } };
    move(world, found, 'Updating', 'UpdateFunctionConfiguration');
    return {};
  },
};
