import { startListening } from '../children.ts';
import { figure, type Figure } from '../figures.ts';
import { flood } from '../flood.ts';
import { interleaved } from '../statistics.ts';

/** Servers of bench/peers that refuse by the rate limiter of their framework, and log a line for each request. */
const PEERS = ['fastify', 'hono'] as const;

/** Measures how fast servers refuse that do nothing but that. */
export async function measureRefusals(
  rounds: number,
  seconds: number,
  connections: number,
): Promise<Figure[]> {
  const refusalsOf = async (name: string): Promise<number> => {
    const env = { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production' };
    const args = ['--import', 'tsx', `bench/peers/refusing-${name}.ts`];
    const server = await startListening(args, env);
    try {
      const flooded = await flood([server.port], { seconds, connections, callers: 1 });
      return flooded.refused / flooded.seconds;
    } finally {
      await server.stop();
    }
  };
  const rows = PEERS.map((name) => [name, () => refusalsOf(name)] as const);
  const measured = await interleaved(rounds, Object.fromEntries(rows));
  return [...measured].map(([name, values]) =>
    figure('overload', `${name} with its rate limiter: refusals a second`, '/s', values),
  );
}
