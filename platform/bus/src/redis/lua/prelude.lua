-- What all scripts share. KEYS[1] is the prefix P of every key; below it:
--   epoch            names the life of this memory
--   seq              counts events; an entry's place in the streams of its consumers
--   consumers        set of the consumers that have a stream
--   m:<event>        hash: envelope, tenant, subject, left (consumers that have not handled it),
--                    at:<consumer> (its place there), dead:<consumer> (attempts, time, error)
--   s:<consumer>     stream of what the consumer has not handled, with the group `g`
--   q:<consumer>:<subject>  list of the places that were read, in order; the first is at work
--   c:<consumer>:ready      zset of places that may be leased
--   c:<consumer>:lease      zset of leased places, by when the lease ends
--   c:<consumer>:later      zset of places to try again, by when
--   c:<consumer>:attempts   hash of attempts by place
--   dead             zset of dead letters "tenant event consumer", in the order of their names
-- Times are milliseconds of this server's clock since 1970; places are decimal texts.
local P = KEYS[1]
local call = redis.call

local function int(number) return string.format('%.0f', number) end

local function now_ms()
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function stream(consumer) return P .. 's:' .. consumer end
local function place(consumer, what) return P .. 'c:' .. consumer .. ':' .. what end
local function queue(consumer, subject) return P .. 'q:' .. consumer .. ':' .. subject end
local function message(event) return P .. 'm:' .. event end
local function letter(tenant, event, consumer) return tenant .. ' ' .. event .. ' ' .. consumer end

-- A promoted replica and a restarted server may lack what was taken last: theirs is another epoch.
local function epoch()
  local own = call('GET', P .. 'epoch')
  if not own then return false end
  local server = string.match(call('INFO', 'server'), 'run_id:(%w+)') or ''
  local history = string.match(call('INFO', 'replication'), 'master_replid:(%w+)') or ''
  return redis.sha1hex(own .. ' ' .. server .. ' ' .. history)
end

local function append(consumer, event, subject, at)
  local key = stream(consumer)
  if call('EXISTS', key) == 0 then
    call('XGROUP', 'CREATE', key, 'g', '0', 'MKSTREAM')
    call('SADD', P .. 'consumers', consumer)
  end
  call('XADD', key, at .. '-0', 'e', event, 's', subject)
  call('HSET', message(event), 'at:' .. consumer, at)
end

-- An entry of a stream as its place, event and subject.
local function read(entry)
  return string.match(entry[1], '^%d+'), entry[2][2], entry[2][4]
end

-- The consumer is done with the entry at `at`: the next one of the subject is free.
local function leave(consumer, at, subject)
  local key = stream(consumer)
  call('XACK', key, 'g', at .. '-0')
  call('XDEL', key, at .. '-0')
  call('ZREM', place(consumer, 'lease'), at)
  call('ZREM', place(consumer, 'later'), at)
  call('ZREM', place(consumer, 'ready'), at)
  call('HDEL', place(consumer, 'attempts'), at)
  local waiting = queue(consumer, subject)
  if call('LINDEX', waiting, 0) ~= at then
    call('LREM', waiting, 1, at)
    return
  end
  call('LPOP', waiting)
  local following = call('LINDEX', waiting, 0)
  if following then call('ZADD', place(consumer, 'ready'), following, following) end
end

-- Leases the entry; returns what the consumer needs, or nothing when its event is gone.
local function take(consumer, at, event, subject, ends, token)
  local envelope = call('HGET', message(event), 'envelope')
  if not envelope then
    leave(consumer, at, subject)
    return nil
  end
  call('ZADD', place(consumer, 'lease'), int(ends), at)
  local attempt = call('HINCRBY', place(consumer, 'attempts'), at, 1)
  call('RPUSH', place(consumer, 'claim:' .. token), at, event)
  return { attempt, envelope }
end

-- The answer to a claim may be lost: for as long as its leases last they can be given back.
local function keep(consumer, token, lease)
  local key = place(consumer, 'claim:' .. token)
  if lease > 0 then call('PEXPIRE', key, int(lease)) else call('DEL', key) end
end

local function give_back(consumer, at, subject)
  if call('ZREM', place(consumer, 'lease'), at) == 0 then return end
  local attempts = place(consumer, 'attempts')
  if tonumber(call('HGET', attempts, at) or '0') > 0 then call('HINCRBY', attempts, at, -1) end
  if call('LINDEX', queue(consumer, subject), 0) == at then
    call('ZADD', place(consumer, 'ready'), at, at)
  end
end
