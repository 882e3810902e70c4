"""The Lua scripts of the Redis driver: what must be one step, decided by the server's clock.

A value lives in a hash {v: value, m: metadata as JSON}; `kv:index` is a sorted set of all names.
"""

from __future__ import annotations

INDEX = "kv:index"
COUNTERS = "kv:counters"
EVENTS = "kv:events"

# GCRA over all layers. KEYS: a name per layer, then perhaps one name to read.
# ARGV: how many layers, then per layer spend, interval, tolerance (microseconds), cost, and the start
# of the name and the length in seconds of the window that counts (or "").
# Returns allowed, layer, remaining, retry_after and reset as text (microseconds), value.
LIMIT = """
local layers = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local after, worst, wait, tightest, least = {}, 0, 0, 1, -1
for i = 1, layers do
  local base = 2 + (i - 1) * 6
  local spend, interval, tolerance = tonumber(ARGV[base]), tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2])
  local arrival = tonumber(redis.call('HGET', KEYS[i], 'v') or 0)
  if arrival < now then arrival = now end
  after[i] = arrival + spend
  local left = tolerance - (after[i] - now)
  if left < 0 then
    if -left > wait then worst, wait = i, -left end
  else
    local remaining = math.floor(left / interval)
    if least < 0 or remaining < least then tightest, least = i, remaining end
  end
end
if worst > 0 then
  local base = 2 + (worst - 1) * 6
  local ahead = after[worst] - now - tonumber(ARGV[base])
  local remaining = math.max(0, math.floor((tonumber(ARGV[base + 2]) - ahead) / tonumber(ARGV[base + 1])))
  return {0, worst, remaining, string.format('%.2f', wait), string.format('%.2f', ahead), false}
end
for i = 1, layers do
  local base = 2 + (i - 1) * 6
  redis.call('HSET', KEYS[i], 'v', string.format('%.2f', after[i]))
  redis.call('PEXPIRE', KEYS[i], math.ceil((after[i] - now) / 1000) + 1)
  if ARGV[base + 4] ~= '' then
    local period = tonumber(ARGV[base + 5])
    local name = ARGV[base + 4] .. math.floor(now / 1000000 / period)
    if redis.call('HINCRBY', name, 'v', ARGV[base + 3]) == tonumber(ARGV[base + 3]) then
      redis.call('PEXPIRE', name, math.ceil(period * 2000))
    end
  end
end
local value = false
if KEYS[layers + 1] then value = redis.call('HGET', KEYS[layers + 1], 'v') end
return {1, tightest, least, '0', string.format('%.2f', after[tightest] - now), value}
"""

# One page of live names. ARGV: lower bound, upper bound (both as ZRANGEBYLEX takes them), most rows.
# Names whose value has expired leave the index on the way. Returns {name, expiry in ms, metadata or ''}, ….
LIST = """
local rows, start, most = {}, ARGV[1], tonumber(ARGV[3])
while #rows < most do
  local names = redis.call('ZRANGEBYLEX', KEYS[1], start, ARGV[2], 'LIMIT', 0, most)
  if #names == 0 then break end
  for _, name in ipairs(names) do
    local expiry = redis.call('PEXPIRETIME', name)
    if expiry == -2 then
      redis.call('ZREM', KEYS[1], name)
    elseif #rows < most then
      rows[#rows + 1] = {name, expiry, redis.call('HGET', name, 'm') or ''}
    end
  end
  start = '(' .. names[#names]
end
return rows
"""

# Look at a few random names of the index and drop the dead ones, so that it cannot grow for ever.
SWEEP = """
for _, name in ipairs(redis.call('ZRANDMEMBER', KEYS[1], 50)) do
  if redis.call('EXISTS', name) == 0 then redis.call('ZREM', KEYS[1], name) end
end
return 0
"""

# Take a lease. KEYS: the lease, its fence. ARGV: owner, milliseconds. Returns token and end, or nothing.
# The time makes tokens rise even when the fence was lost with the server's memory.
TAKE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local token = math.max(tonumber(redis.call('GET', KEYS[2]) or 0) + 1, now)
redis.call('SET', KEYS[2], string.format('%.0f', token))
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'token', string.format('%.0f', token))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {string.format('%.0f', token), redis.call('PEXPIRETIME', KEYS[1])}
"""

# KEYS: the lease. ARGV: token, milliseconds (0: give it back). Returns 1 when it was still held.
HOLD = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
