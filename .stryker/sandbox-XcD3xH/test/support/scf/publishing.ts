import {
  refuseWhileMoving,
  ScfRefusal,
  type Input,
  type ScfAction,
  type ScfWorld,
} from './state.ts';

/** The actions around a function: quota, versions, aliases, triggers. */
export const PUBLISHING: Readonly<Record<string, ScfAction>> = {
  GetReservedConcurrencyConfig: ({ reserved }) => ({ ReservedMem: reserved ?? null }),
  PutReservedConcurrencyConfig(found, { ReservedConcurrencyMem }) {
    found.reserved = Number(ReservedConcurrencyMem);
    return {};
  },
  PublishVersion(found, { Description }, world) {
    refuseWhileMoving(found);
    if (found.state !== 'Active') throw new ScfRefusal('FailedOperation.PublishVersion');
    const version = String(found.versions.size + 1);
    const until = world.endsIn.get('PublishVersion') ?? 'Active';
    const moving = { state: 'Publishing', looks: world.looks, until };
    found.versions.set(version, { ...found.latest, description: String(Description), moving });
    return { FunctionVersion: version };
  },
  ListVersionByFunction({ versions }, { Offset = 0, Limit = 20 }) {
    const all = [
      ['$LATEST', ''],
      ...[...versions].map(([Version, { description }]) => [Version, description]),
    ];
    const page = all.slice(Number(Offset), Number(Offset) + Number(Limit));
    const Versions = page.map(([Version, Description]) => ({
      Version,
      Description,
      Status: 'Active',
    }));
    return { Versions, TotalCount: all.length };
  },
  GetAlias({ aliases }, { Name }) {
    const FunctionVersion = aliases.get(String(Name));
    if (FunctionVersion === undefined) throw new ScfRefusal('ResourceNotFound.Alias');
    return { Name, FunctionVersion, RoutingConfig: { AdditionalVersionWeights: [] } };
  },
  CreateAlias({ aliases }, { Name, FunctionVersion }) {
    if (aliases.has(String(Name))) throw new ScfRefusal('ResourceInUse.Alias');
    aliases.set(String(Name), String(FunctionVersion));
    return {};
  },
  UpdateAlias({ aliases, versions }, { Name, FunctionVersion }) {
    if (!aliases.has(String(Name))) throw new ScfRefusal('ResourceNotFound.Alias');
    if (!versions.has(String(FunctionVersion)))
      throw new ScfRefusal('ResourceNotFound.FunctionVersion');
    aliases.set(String(Name), String(FunctionVersion));
    return {};
  },
  ListTriggers: ({ triggers }) => ({ Triggers: triggers, TotalCount: triggers.length }),
  CreateTrigger(found, { Enable, ...input }, world) {
    refuseWhileMoving(found);
    const isTaken = found.triggers.some(({ Qualifier }) => Qualifier === input['Qualifier']);
    if (isTaken) throw new ScfRefusal('ResourceInUse.Trigger');
    const trigger = { ...input, ...opened(input, world), Enable: Enable === 'OPEN' ? 1 : 0 };
    found.triggers.push(trigger);
    return { TriggerInfo: trigger };
  },
  UpdateTrigger({ triggers }, input, world) {
    const trigger = triggers.find(({ TriggerName }) => TriggerName === input['TriggerName']);
    if (!trigger) throw new ScfRefusal('ResourceNotFound.Trigger');
    Object.assign(trigger, opened(input, world), { Enable: input['Enable'] === 'OPEN' ? 1 : 0 });
    return {};
  },
};

function opened({ TriggerDesc }: Input, { url }: ScfWorld): object {
  const description = JSON.parse(String(TriggerDesc));
  const address = description.NetConfig.EnableExtranet ? { ExtranetUrl: `${url}/` } : {};
  return {
    TriggerDesc: JSON.stringify({
      ...description,
      NetConfig: { ...description.NetConfig, ...address },
    }),
  };
}
