/**
 * The rules of `slots.ts` and `quota.ts` in Lua: each script is one atomic decision by Redis's own
 * clock. Times are whole microseconds, exact in Lua's doubles, and written with `int`, since Lua's own
 * way to write numbers is not exact. A property test compares them with the rules in TypeScript.
 * docs/decisions/0008 lists the commands.
 */

/** `read` deletes a key of another type: no other program writes under the project's prefix. */
const PRELUDE = `
-- Redis 6 writes nothing after TIME unless it replicates what was written.
if redis.replicate_commands then redis.replicate_commands() end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function int(n) return string.format('%.0f', n) end
local function number(text)
  local n = tonumber(text or 0) or 0
  return n == n and n or 0
end
local function read(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, 'WRONGTYPE') then return error(reply.err, 0) end
  redis.call('DEL', key)
  return redis.call(command, key, ...)
end
`;

/**
 * KEYS: the region's slots, what the holder has of them. ARGV: spacing, maxWait, quiet, known, … `known`
 * is the latest `next` of the region that this instance got, else 0.
 *
 * `next` never falls, and is kept for 30 days. So if the instance knows of a later one, Redis lost what it
 * knew (a flush, a restart, a failover to a replica that lagged), and grants no slot before all that may
 * have been granted.
 */
const SLOTS = `${PRELUDE}
local spacing, maxWait, quiet = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = tonumber(ARGV[4])
local saved = read('HMGET', KEYS[1], 'next', 'backedOff', 'quietUntil')
local next, backedOff, quietUntil = number(saved[1]), number(saved[2]), number(saved[3])
local days = 24 * 3600 * 1000
local function save()
  local times = {'next', int(next), 'backedOff', int(backedOff), 'quietUntil', int(quietUntil)}
  redis.call('HSET', KEYS[1], unpack(times))
  redis.call('PEXPIRE', KEYS[1], 30 * days)
end
local function beginAt(time) next, quietUntil = time, time end
-- A full Redis refuses a script's first write if it takes memory, and no later one. This takes none.
redis.call('PEXPIRE', KEYS[1], 30 * days)
if backedOff > now then backedOff = 0 end
if math.max(next, quietUntil) > now + 2 * quiet + spacing then beginAt(now + quiet) end
if known > next and known <= now + quiet + spacing then
  beginAt(math.max(next, now + maxWait + spacing))
end
local refused = quietUntil > now and -1 or 0
`;

/**
 * ARGV: …, reach, and which part of the free slots a holder may have. Gives {next, delay, 1}, or {next,
 * retryIn, 0}; in a quiet period -1. The script writes in any case, so that a reply proves that it can.
 */
const ACQUIRE = `${SLOTS}
local at, latest = math.max(next, now), now + math.min(tonumber(ARGV[5]), maxWait)
if at > latest then
  save()
  return {next, at - latest, refused}
end
-- Slots that are past, and those from before the clock went back.
read('ZREMRANGEBYSCORE', KEYS[2], '-inf', int(now))
redis.call('ZREMRANGEBYSCORE', KEYS[2], int(next), '+inf')
local free = math.floor((now + maxWait - at) / spacing) + 1
local tooMany = redis.call('ZCARD', KEYS[2]) - math.max(1, math.floor(free / tonumber(ARGV[6])))
if tooMany >= 0 then
  save()
  return {next, (redis.call('ZRANGE', KEYS[2], tooMany, tooMany)[1] or at) - now, refused}
end
next = at + spacing
save()
redis.call('ZADD', KEYS[2], int(at), int(at))
redis.call('PEXPIRE', KEYS[2], int(math.ceil((at - now) / 1000) + 1000))
return {next, at - now, 1}
`;

/** Gives {next}. */
const BACK_OFF = `${SLOTS}
if now - backedOff >= 1000000 then
  backedOff = now
  next = math.max(next, math.min(math.max(next, now), now + maxWait) + 1000000)
end
save()
return {next}
`;

/** KEYS: the quota. ARGV: limit, windowMs, units, MOST_UNITS, isAdmitted. Gives {the debt afterwards, 1 or 0}. */
const SPEND = `${PRELUDE}
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local nowMs = math.floor(now / 1000)
local saved = read('HMGET', KEYS[1], 'debt', 'at')
local most = limit * tonumber(ARGV[4]) * window
local paid = limit * math.max(0, nowMs - number(saved[2]))
local debt = math.max(0, math.min(number(saved[1]), most) - paid)
local allowed = (ARGV[5] == '1' or debt + window <= limit * window) and 1 or 0
debt = debt + allowed * window * tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'debt', int(debt), 'at', int(nowMs))
redis.call('PEXPIRE', KEYS[1], int(math.ceil(debt / limit) + 1))
return {debt, allowed}
`;

export const SCRIPTS = {
  acquireSlot: { lua: ACQUIRE, numberOfKeys: 2 },
  backOff: { lua: BACK_OFF, numberOfKeys: 1 },
  spendQuota: { lua: SPEND, numberOfKeys: 1 },
} as const;
export type ScriptName = keyof typeof SCRIPTS;
