-- ARGV: pairs of consumer and event.
for i = 1, #ARGV, 2 do
  local consumer, event = ARGV[i], ARGV[i + 1]
  local key = message(event)
  local state = call('HMGET', key, 'at:' .. consumer, 'subject', 'dead:' .. consumer, 'tenant')
  if state[1] then leave(consumer, state[1], state[2]) end
  if state[3] then call('ZREM', P .. 'dead', letter(state[4], event, consumer)) end
  if state[1] or state[3] then
    call('HDEL', key, 'at:' .. consumer, 'dead:' .. consumer)
    if call('HINCRBY', key, 'left', -1) <= 0 then call('DEL', key) end
  end
end
return 1
