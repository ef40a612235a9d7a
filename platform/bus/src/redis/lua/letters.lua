-- ARGV: tenant, the letter after which the page begins or '', limit. Returns for each letter:
-- consumer, what it died of, envelope.
local tenant, after = ARGV[1], ARGV[2]
local from = after == '' and '[' .. tenant .. ' ' or '(' .. tenant .. ' ' .. after
local found = {}
-- '!' follows the blank, which no tenant has in its name.
local names = call('ZRANGEBYLEX', P .. 'dead', from, '(' .. tenant .. '!', 'LIMIT', 0, ARGV[3])
for _, name in ipairs(names) do
  local event, consumer = string.match(name, '^%S+ (%S+) (%S+)$')
  local state = call('HMGET', message(event), 'dead:' .. consumer, 'envelope')
  if state[1] then found[#found + 1] = { consumer, state[1], state[2] } end
end
return found
