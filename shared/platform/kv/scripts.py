"""The Lua scripts of the Redis driver: what must be one step, decided by the server's clock.

A value lives in a hash {v: value, m: metadata as JSON}; `kv:index` is a sorted set of all names.
"""

from __future__ import annotations

INDEX = "kv:index"
COUNTERS = "kv:counters"
EVENTS = "kv:events"

# GCRA over all layers. KEYS: a name per layer, then perhaps one name to read. ARGV: per layer one text of
# spend, interval, tolerance (microseconds), cost, seconds of the window that counts, and its name's start.
# Returns "allowed layer remaining retry_after reset" (microseconds), value: redis-py pays for each item.
LIMIT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local rules, after, worst, wait, tightest, least = {}, {}, 0, 0, 1, -1
for i, text in ipairs(ARGV) do
  local spend, interval, tolerance, cost, period, counts =
    string.match(text, '(%S+) (%S+) (%S+) (%S+) (%S+) (.*)')
  rules[i] = {spend + 0, interval + 0, tolerance + 0, cost, period + 0, counts}
  local arrival = tonumber(redis.call('HGET', KEYS[i], 'v') or 0)
  if arrival < now then arrival = now end
  after[i] = arrival + rules[i][1]
  local left = rules[i][3] - (after[i] - now)
  if left < 0 then
    if -left > wait then worst, wait = i, -left end
  else
    local remaining = math.floor(left / rules[i][2])
    if least < 0 or remaining < least then tightest, least = i, remaining end
  end
end
if worst > 0 then
  local ahead = after[worst] - now - rules[worst][1]
  local remaining = math.max(0, math.floor((rules[worst][3] - ahead) / rules[worst][2]))
  return {string.format('0 %d %d %.2f %.2f', worst, remaining, wait, ahead), false}
end
for i, rule in ipairs(rules) do
  redis.call('HSET', KEYS[i], 'v', string.format('%.2f', after[i]))
  redis.call('PEXPIRE', KEYS[i], math.ceil((after[i] - now) / 1000) + 1)
  if rule[6] ~= '' then
    local name = rule[6] .. math.floor(now / 1000000 / rule[5])
    if redis.call('HINCRBY', name, 'v', rule[4]) == tonumber(rule[4]) then
      redis.call('PEXPIRE', name, math.ceil(rule[5] * 2000))
    end
  end
end
local value = KEYS[#ARGV + 1] and redis.call('HGET', KEYS[#ARGV + 1], 'v')
return {string.format('1 %d %d 0 %.2f', tightest, least, after[tightest] - now), value or false}
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
