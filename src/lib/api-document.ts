/** The OpenAPI document, which the build makes and puts beside the bundle: no generator is shipped. */
export interface ApiDocument {
  /** JSON. */
  readonly text: string;
  /** What is said of each problem beyond its row in `problems.ts`, by code. */
  readonly problems: Readonly<Record<string, ProblemText>>;
  /** What agents may call. */
  readonly tools: readonly Tool[];
  /** Of the gateway. */
  readonly version: string;
}

/** A route as a tool of agents. */
export interface Tool {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** What clients get to know, beside the name. */
  readonly shown: object;
}

/** For readers of a problem: what it means, and what to do about it; for the operator: where to look. */
export type ProblemText = Readonly<Record<'meaning' | 'advice' | 'snippet' | 'operator', string>>;

/**
 * Gives the document, read at the first use; what was read is kept, what could not be is tried again.
 *
 * @param read gives the file's text, or throws
 * @param basePath what stands before every path, which the build cannot know
 */
export function lazyDocument(read: () => string, basePath: string): () => ApiDocument | undefined {
  let document: ApiDocument | undefined;
  return () => {
    try {
      document ??= parse(read(), basePath);
    } catch {
      return undefined;
    }
    return document;
  };
}

function parse(text: string, basePath: string): ApiDocument {
  const document: Made = JSON.parse(text);
  const servers = document.servers.map((server) => ({ ...server, url: basePath }));
  const served = basePath ? JSON.stringify({ ...document, servers }) : text;
  const { 'x-problems': problems, 'x-tools': tools, info } = document;
  return { text: served, problems, tools, version: info.version };
}

interface Made {
  readonly 'x-problems': ApiDocument['problems'];
  readonly 'x-tools': ApiDocument['tools'];
  readonly info: { readonly version: string };
  readonly servers: readonly object[];
}
