import * as z from 'zod/mini';

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]$/;
/** `$DEFAULT`, which every function has, or another alias; never a version, since a rollback moves the alias. */
const ALIAS = /^(\$DEFAULT|[A-Za-z][\w-]{0,63})$/;
const text = z.string().check(z.minLength(1));
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** CAM's CreateRole: 1 to 128 of these. */
const ROLE = /^([A-Za-z0-9+=,.@_-]{1,128}|<.*>)$/;
const switches = z.strictObject({ enableExtranet: z.boolean(), enableIntranet: z.boolean() });

export const environmentEntry = z.strictObject({ variables: z.record(z.string(), scalar) });

const url = z.strictObject({
  name: z.optional(text),
  qualifier: z.string().check(z.regex(ALIAS)),
  authType: z.enum(['NONE', 'CAM']),
  apiGwCompatible: z.optional(z.boolean()),
  netConfig: switches,
});

/** The entries of Tencent's `scf` component that are deployed; any other is refused, not ignored. */
export const inputs = z.strictObject({
  name: z.string().check(z.regex(NAME)),
  region: z.string().check(z.regex(/^([a-z]{2,}(-[a-z0-9]+)+|<.*>)$/)),
  type: z.enum(['event', 'web']),
  runtime: text,
  handler: z.optional(text),
  src: text,
  role: z.optional(z.string().check(z.regex(ROLE))),
  memorySize: z.int().check(z.minimum(64)),
  timeout: z.int().check(z.minimum(1)),
  initTimeout: z.optional(z.int()),
  vpcConfig: z.optional(z.strictObject({ vpcId: text, subnetId: text })),
  cls: z.optional(z.strictObject({ logsetId: text, topicId: text })),
  instanceConcurrencyConfig: z.optional(
    z.strictObject({ enable: z.boolean(), dynamicEnabled: z.boolean(), maxConcurrency: z.int() }),
  ),
  environment: z.optional(environmentEntry),
  events: z.tuple([z.strictObject({ http: z.strictObject({ parameters: url }) })]),
});

/** A `serverless.yml` with everything filled in; `src` is an absolute path. */
export interface Deployment extends Omit<z.output<typeof inputs>, 'environment' | 'events'> {
  readonly variables: Readonly<Record<string, string>>;
  readonly url: z.output<typeof url>;
  /** Variables of the shell that are needed and not set; their places hold `<NAME is not set>`. */
  readonly missing: readonly string[];
}
