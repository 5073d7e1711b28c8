/** What the package exports: the handler of a function, and a way to put middlewares around it. */

/** A response to the platform: Tencent SCF, or any HTTP event family of AWS. */
export interface PlatformResponse {
  statusCode: number;
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  body: string;
  isBase64Encoded?: boolean;
}

/** What middy gives its middlewares; `response` is a `PlatformResponse` once there is one. */
export interface Request {
  event: unknown;
  context: unknown;
  response?: unknown;
  error?: unknown;
}

/** A middleware of middy 7: `MiddlewareObj` of `@middy/core`. */
export interface Middleware {
  before?(request: Request): unknown;
  after?(request: Request): unknown;
  onError?(request: Request): unknown;
}

export type Handler = (event: unknown, context?: unknown) => Promise<PlatformResponse>;

/** Responds to one HTTP event, with the settings of the environment. Never throws. */
export declare const main_handler: Handler;
export declare const handler: Handler;

/**
 * The same handler, with your own middlewares around the platform event.
 *
 * @param options.use the outermost first
 */
export declare function createHandler(options?: { use?: Middleware[] }): Handler;
