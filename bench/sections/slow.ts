import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { keyOf } from '../callers.ts';
import { figure, type Figure } from '../figures.ts';
import { startScene, tasksOf } from '../scene.ts';
import type { Build } from '../subjects.ts';

const CONNECTIONS = 1000;

/** The route reads the body before it knows who calls: the signature covers it. */
const HEAD = [
  'POST /webhooks/cancel-task HTTP/1.1',
  'Host: gateway.example',
  'Content-Type: application/json',
  'Content-Length: 500',
  'Webhook-Id: a',
  'Webhook-Timestamp: 1',
  'Webhook-Signature: v1,AAAA',
  '\r\n',
].join('\r\n');

/** Holds 1,000 connections whose bodies never come, opened again as soon as they are closed. @returns what ends it */
function neverSend(port: number): () => void {
  const open = new Set<net.Socket>();
  let isOver = false;
  const connect = (): void => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(HEAD));
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      if (!isOver) setTimeout(connect, 50);
    });
    socket.resume();
  };
  for (let i = 0; i < CONNECTIONS; i += 1) connect();
  return () => {
    isOver = true;
    for (const socket of open) socket.destroy();
  };
}

/** Cancels ten tasks a second while strangers hold 1,000 connections and never send their bodies. */
export async function measureSlow(
  { dist }: Build,
  rounds: number,
  seconds: number,
): Promise<Figure[]> {
  const shares: number[] = [];
  const tasks = tasksOf('t', 10 * seconds);
  for (let round = 0; round < rounds; round += 1) {
    const scene = await startScene(dist, { servers: 1, callers: 1, tasks });
    const [port = 0] = scene.ports;
    const end = neverSend(port);
    try {
      await sleep(1000);
      const statuses = tasks.map(async (task, i) => {
        await sleep(i * 100);
        const headers = { 'X-API-Key': keyOf(0), Connection: 'close' };
        const url = `http://127.0.0.1:${port}/tasks/${task}`;
        const response = await fetch(url, { method: 'DELETE', headers }).catch(() => undefined);
        return response?.status;
      });
      const served = (await Promise.all(statuses)).filter((status) => status === 202);
      shares.push(served.length / tasks.length);
    } finally {
      end();
      await scene.stop();
    }
  }
  return [
    figure(
      'many',
      'honest calls beside 1,000 silent connections: share that succeeds',
      'ratio',
      shares,
    ),
  ];
}
