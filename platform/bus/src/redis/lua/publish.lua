-- ARGV: the epoch or '', then for each event: id, tenant, subject, envelope, the number of its
-- consumers, their names. Returns 0 when it is another epoch and nothing was taken.
if ARGV[1] ~= '' and epoch() ~= ARGV[1] then return 0 end
local woken, names = {}, {}
local i = 2
while i <= #ARGV do
  local event, tenant, subject, envelope = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local count = tonumber(ARGV[i + 4])
  if count > 0 and call('EXISTS', message(event)) == 0 then
    local at = int(call('INCR', P .. 'seq'))
    call('HSET', message(event), 'envelope', envelope, 'tenant', tenant, 'subject', subject,
      'left', count)
    for c = i + 5, i + 4 + count do
      append(ARGV[c], event, subject, at)
      if not woken[ARGV[c]] then
        woken[ARGV[c]] = true
        names[#names + 1] = ARGV[c]
      end
    end
  end
  i = i + 5 + count
end
if #names > 0 then call('PUBLISH', P .. 'wake', table.concat(names, ' ')) end
return 1
