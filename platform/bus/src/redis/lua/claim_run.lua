-- The same arguments and answer as a claim, for a consumer that takes whole runs. What was
-- handled leaves the stream, so that it begins with the oldest that was not.
local consumer, limit, lease, token = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local now = now_ms()
local leases = place(consumer, 'lease')
if call('ZCOUNT', leases, '(' .. int(now), '+inf') > 0 then return {} end
call('ZREMRANGEBYSCORE', leases, '-inf', int(now))
local run, unread = {}, 0
for _, entry in ipairs(call('XRANGE', stream(consumer), '-', '+', 'COUNT', limit)) do
  local at, event, subject = read(entry)
  local due = call('ZSCORE', place(consumer, 'later'), at)
  if due and tonumber(due) > now then break end
  if call('HEXISTS', place(consumer, 'attempts'), at) == 0 then unread = unread + 1 end
  run[#run + 1] = { at, event, subject }
end
-- The unread ones are the last of the run, and the group reads in the same order.
if unread > 0 then
  call('XREADGROUP', 'GROUP', 'g', 'r', 'COUNT', unread, 'STREAMS', stream(consumer), '>')
end
local taken = {}
for _, one in ipairs(run) do
  call('ZREM', place(consumer, 'later'), one[1])
  taken[#taken + 1] = take(consumer, one[1], one[2], one[3], now + lease, token)
end
if #taken > 0 then keep(consumer, token, lease) end
return taken
