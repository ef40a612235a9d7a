-- ARGV: pairs of consumer and event.
for i = 1, #ARGV, 2 do
  local state = call('HMGET', message(ARGV[i + 1]), 'at:' .. ARGV[i], 'subject')
  if state[1] then give_back(ARGV[i], state[1], state[2]) end
end
return 1
