-- ARGV: consumer, limit, lease in ms, token. Returns {attempt, envelope} for each, oldest first.
local consumer, limit, lease, token = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
if call('EXISTS', stream(consumer)) == 0 then return {} end
local now = now_ms()
local ready = place(consumer, 'ready')
for _, kind in ipairs({ 'lease', 'later' }) do
  local key = place(consumer, kind)
  for _, at in ipairs(call('ZRANGEBYSCORE', key, '-inf', int(now), 'LIMIT', 0, 1000)) do
    call('ZREM', key, at)
    call('ZADD', ready, at, at)
  end
end
-- Entries whose subject is at work wait in its queue, so that a look costs what it takes.
local looks = 0
while looks < 10 and call('ZCARD', ready) < limit do
  looks = looks + 1
  local got = call('XREADGROUP', 'GROUP', 'g', 'r', 'COUNT', 100, 'STREAMS', stream(consumer), '>')
  if not got then break end
  for _, entry in ipairs(got[1][2]) do
    local at, _, subject = read(entry)
    if call('RPUSH', queue(consumer, subject), at) == 1 then call('ZADD', ready, at, at) end
  end
end
local taken = {}
for _, at in ipairs(call('ZRANGE', ready, 0, limit - 1)) do
  call('ZREM', ready, at)
  local entry = call('XRANGE', stream(consumer), at .. '-0', at .. '-0')[1]
  if entry then
    local _, event, subject = read(entry)
    taken[#taken + 1] = take(consumer, at, event, subject, now + lease, token)
  end
end
if #taken > 0 then keep(consumer, token, lease) end
return taken
