"""Shared scripts: what the shared store does in one step, so that no two replicas cross.

Lua, for Valkey and Redis alike. Keys and arguments are named in each one's first lines.
"""

VERSION = 1


def key(kind: str, *name: str) -> str:
    """What the store calls it."""
    return ":".join(("poche", str(VERSION), kind, *name))


def milliseconds(seconds: float) -> int:
    """As the store counts: at least one."""
    return max(1, round(seconds * 1000))


# Nobody holds a lease for longer than it may last: such a one is not ours, or a clock was set back.
LEASE = """
local held, token, px = KEYS[1], ARGV[1], tonumber(ARGV[2])
local left = redis.call('PTTL', held)
if left == -1 or left > px then redis.call('DEL', held) end
return redis.call('SET', held, token, 'NX', 'PX', px)
"""

# Only its own holder ends a lease; who waits for it is told. Says that it was done.
RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
return 1
"""

# A payload only if it is newer, and at once only if it is small: large ones are given more time.
READ = """
local head = redis.pcall('HMGET', KEYS[1], 'at', 'size')
if head.err or (tonumber(head[1]) or 0) <= tonumber(ARGV[1]) then return false end
local size = tonumber(head[2]) or 0
return {size, size <= 65536 and redis.call('HGET', KEYS[1], 'record')}
"""

# Times are microseconds of the store's clock; `now` is only given by tests. What was called later
# than now was called before that clock was set back: it counts as if it were made now. Nor is a
# source closed for longer than it said; 1 is what those of us wrote who did not say for how long.
TAKE = """
local budget, closed, life, settling = unpack(KEYS)
local known, call, calls, period, take = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local settle = tonumber(ARGV[6])
local time = redis.call('TIME')
local now = tonumber(ARGV[7]) or time[1] * 1000000 + time[2]
if redis.call('GET', life) ~= known then return {-1, 0, 0, 0} end
redis.call('ZREMRANGEBYSCORE', budget, '-inf', now - period)
for _, later in ipairs(redis.call('ZRANGEBYSCORE', budget, '(' .. string.format('%.0f', now), '+inf')) do
  redis.call('ZADD', budget, now, later)
end
local used = redis.call('ZCARD', budget)
local settles = math.min(redis.call('PTTL', settling), settle)
local shut = redis.call('PTTL', closed)
local said = shut > 0 and tonumber(redis.call('GET', closed)) or 0
if said > 1 then shut = math.min(shut, said) end
local wait = math.max(0, shut, settles) * 1000
if used >= calls then
  local frees = redis.call('ZRANGE', budget, used - calls, used - calls, 'WITHSCORES')
  wait = math.max(wait, tonumber(frees[2]) + period - now)
elseif wait == 0 and take == '1' then
  redis.call('ZADD', budget, now, call)
  redis.call('PEXPIRE', budget, math.ceil(period / 1000) + 1)
  used = used + 1
end
local last = redis.call('ZRANGE', budget, -1, -1, 'WITHSCORES')
return {wait, used, now, last[2] and tonumber(last[2]) + period - now or 0}
"""  # noqa: E501

# A store without a life is new or was emptied: whoever knew its last life can tell.
BEAT = """
local life, replicas, settling = unpack(KEYS)
local replica, known, next, doubt, alive, settle = unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('SET', life, next, 'NX')
local current = redis.call('GET', life)
if doubt == '1' or (known ~= '' and known ~= current) then
  redis.call('SET', settling, '1', 'PX', settle)
end
redis.call('ZADD', replicas, now, replica)
redis.call('ZREMRANGEBYSCORE', replicas, '-inf', now - alive)
redis.call('ZREMRANGEBYSCORE', replicas, now + alive, '+inf')
return {current, now, redis.call('ZRANGE', replicas, 0, -1)}
"""

# Without a text it only looks; either way the name is used, and the shelf lives on.
SHELVE = """
local texts, used = unpack(KEYS)
local name, most, expiry, text = unpack(ARGV)
local time = redis.call('TIME')
if text then redis.call('HSET', texts, name, text) else text = redis.call('HGET', texts, name) end
if text then
  redis.call('ZADD', used, time[1] * 1000000 + time[2], name)
  redis.call('PEXPIRE', texts, expiry)
  redis.call('PEXPIRE', used, expiry)
end
local over = redis.call('ZCARD', used) - most
if over > 0 then
  local dropped = redis.call('ZPOPMIN', used, over)
  for i = 1, #dropped, 2 do redis.call('HDEL', texts, dropped[i]) end
end
return text
"""

# As one replica counts that is alone (`rates.Windows`), many accounts at a time: each one's window
# and the one before it, which fades out. `now` is seconds of the store's clock; only tests give it.
SPEND = """
local time = redis.call('TIME')
local now = tonumber(ARGV[1]) or time[1] + time[2] / 1000000
local told = {}
for i, account in ipairs(KEYS) do
  local burst, window, points = unpack(ARGV, 3 * i - 1, 3 * i + 1)
  local rest = window - math.fmod(now, window)
  local number = math.floor(now / window)
  local held = redis.pcall('HMGET', account, 'window', 'before', 'spent')
  if held.err then redis.call('DEL', account) end
  local at, before, spent = tonumber(held[1]), tonumber(held[2]) or 0, tonumber(held[3]) or 0
  if at ~= number then before, spent = at == number - 1 and spent or 0, 0 end
  local used = math.floor(before * rest / window + spent)
  local granted = used + points <= tonumber(burst)
  if granted and tonumber(points) > 0 then
    used, spent = used + points, spent + points
    redis.call('HSET', account, 'window', number, 'before', before, 'spent', spent)
    redis.call('PEXPIRE', account, 2000 * window)
  end
  local more = spent > 0 and math.fmod(rest, window) or before > 0 and rest or 0
  if before > 0 then more = math.min(more, math.fmod(rest, window / before)) end
  told[i] = {granted and 1 or 0, math.max(0, burst - used), math.ceil(now + more - now)}
end
return told
"""
