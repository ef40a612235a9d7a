-- ARGV: tenant, then pairs of event and consumer. Returns how many are delivered again; they
-- come after what waits already.
local redriven, names = 0, {}
for i = 2, #ARGV, 2 do
  local event, consumer = ARGV[i], ARGV[i + 1]
  if call('ZREM', P .. 'dead', letter(ARGV[1], event, consumer)) == 1 then
    call('HDEL', message(event), 'dead:' .. consumer)
    local at = int(call('INCR', P .. 'seq'))
    append(consumer, event, call('HGET', message(event), 'subject'), at)
    redriven = redriven + 1
    names[redriven] = consumer
  end
end
if redriven > 0 then call('PUBLISH', P .. 'wake', table.concat(names, ' ')) end
return redriven
