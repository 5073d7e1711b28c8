export type Json = Readonly<Record<string, unknown>>;

/** The components that operations refer to, collected while the operations are made: none is left unused. */
export interface ComponentStore {
  readonly components: {
    readonly headers: Record<string, Json>;
    readonly examples: Record<string, Json>;
  };
  /** Adds a component. @returns a reference to it */
  add(kind: 'headers' | 'examples', name: string, component: Json): { readonly $ref: string };
}

export function componentStore(): ComponentStore {
  const components = { headers: {}, examples: {} };
  return {
    components,
    add(kind, name, component) {
      Object.assign(components[kind], { [name]: component });
      return { $ref: `#/components/${kind}/${name}` };
    },
  };
}
