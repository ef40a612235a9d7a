-- ARGV: consumer, event, error, delay in ms or '' for good.
local consumer, event, reason, delay = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key = message(event)
local state = call('HMGET', key, 'at:' .. consumer, 'subject', 'tenant')
local at = state[1]
if not at then return 0 end
if delay ~= '' then
  call('ZREM', place(consumer, 'lease'), at)
  call('ZREM', place(consumer, 'ready'), at)
  call('ZADD', place(consumer, 'later'), int(now_ms() + tonumber(delay)), at)
  return 1
end
local attempts = call('HGET', place(consumer, 'attempts'), at) or '0'
leave(consumer, at, state[2])
call('HDEL', key, 'at:' .. consumer)
call('HSET', key, 'dead:' .. consumer, attempts .. ' ' .. int(now_ms()) .. ' ' .. reason)
call('ZADD', P .. 'dead', 0, letter(state[3], event, consumer))
return 1
