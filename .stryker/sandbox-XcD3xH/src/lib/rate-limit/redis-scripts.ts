import { createHash } from 'node:crypto';

/**
 * The rules of `limit/pace.ts` and `limit/quota.ts`, each one atomic decision by Redis's own clock. All
 * times are whole microseconds, exact in Lua's doubles; written with `int`, for Lua's own way is not.
 * A property test holds them against the rules in TypeScript.
 */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(...parts: readonly string[]): Script {
  const lua = parts.join('');
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Redis 6 writes nothing after `TIME` unless it is told to replicate what was written. */
const TIME = `
if redis.replicate_commands then redis.replicate_commands() end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function int(n) return string.format('%.0f', n) end
`;

/** KEYS: the pace, the principal's turns. ARGV: spacing, maxWait, hold. */
const PACE = `${TIME}
local spacing, maxWait, hold = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local saved = redis.call('HMGET', KEYS[1], 'next', 'pushed', 'born')
local next, pushed = tonumber(saved[1] or 0), tonumber(saved[2] or 0)
local born = tonumber(saved[3] or now)
local function save()
  redis.call('HSET', KEYS[1], 'next', int(next), 'pushed', int(pushed), 'born', int(born))
  redis.call('PEXPIRE', KEYS[1], int(math.max(0, math.ceil((next - now) / 1000)) + 2000))
end
if pushed > now then pushed = 0 end
if next > now + 2 * hold + spacing then
  next = now + hold
  save()
end
`;

/**
 * ARGV: …, reach, seen. Gives {1, at, now, next} or {0, retryIn, now, next}. `seen` is what the caller was
 * told of `next` last: a Redis that has forgotten all (a restart, FLUSHALL) hands out no turn before it.
 */
export const TAKE_TURN = script(
  PACE,
  `
local seen = tonumber(ARGV[5])
if now - born < hold and seen > next and seen <= now + hold + spacing then next = seen end
local at, latest = math.max(next, now), now + math.min(tonumber(ARGV[4]), maxWait)
if at > latest then return {0, at - latest, now, next} end
-- Turns that are past, and those from before the clock went back.
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', int(now))
redis.call('ZREMRANGEBYSCORE', KEYS[2], int(next), '+inf')
local free = math.floor((now + maxWait - at) / spacing) + 1
local tooMany = redis.call('ZCARD', KEYS[2]) - math.max(1, math.floor(free / 2))
if tooMany >= 0 then
  local turn = redis.call('ZRANGE', KEYS[2], tooMany, tooMany)[1]
  return {0, (turn or at) - now, now, next}
end
next = at + spacing
save()
redis.call('ZADD', KEYS[2], int(at), int(at))
redis.call('PEXPIRE', KEYS[2], int(math.ceil((at - now) / 1000) + 1000))
return {1, at, now, next}
`,
);

/** ARGV: …, at. Gives {now, next}. */
export const GIVE_BACK = script(
  PACE,
  `
local at = tonumber(ARGV[4])
local isThere = redis.call('ZREM', KEYS[2], int(at)) == 1
if isThere and at > now and next == at + spacing then
  next = at
  save()
end
return {now, next}
`,
);

/** Gives {now}. */
export const PUSH_BACK = script(
  PACE,
  `
if now - pushed >= 1000000 then
  pushed = now
  next = math.max(next, math.min(math.max(next, now), now + maxWait) + 1000000)
  save()
end
return {now}
`,
);

/** KEYS: the quota. ARGV: limit, windowMs. Gives {1 or 0, debt, now}; the debt after the request. */
export const SPEND = script(
  TIME,
  `
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local nowMs = math.floor(now / 1000)
local saved = redis.call('HMGET', KEYS[1], 'debt', 'at')
local debt, at = tonumber(saved[1] or 0), tonumber(saved[2] or 0)
local paid = limit * math.min(window, math.max(0, nowMs - at))
debt = math.max(0, math.min(debt, limit * window) - paid)
local allowed = debt + window <= limit * window and 1 or 0
debt = debt + allowed * window
redis.call('HSET', KEYS[1], 'debt', int(debt), 'at', int(nowMs))
redis.call('PEXPIRE', KEYS[1], int(math.ceil(debt / limit) + 1))
return {allowed, debt, now}
`,
);

/** KEYS: one of its own. Gives {now}, where scripts may run and write. */
export const PROBE = script(TIME, `redis.call('SET', KEYS[1], '1', 'PX', '1000')\nreturn {now}\n`);
