//! The Lua that arbitrates: each script runs alone in Redis.
//!
//! Of each performance Redis keeps the epoch, a counter of fences, and a hash of the units that are not free: unit →
//! `hold|until` (Unix milliseconds), `hold|until|p` while the hold is not journalled yet, or `x` for a unit that is being
//! paid for, sold or blocked.
//!
//! Nothing of it stays for ever: each grant keeps the three for another week. What is gone is loaded again from the journal,
//! as after a flush.

use std::sync::LazyLock;

use redis::Script;

/// What a script answers when Redis does not hold the epoch it was asked about.
pub(super) const NO_EPOCH: &str = "EPOCH";

/// Seconds for which a performance's keys are kept after its last grant: longer than any hold lasts.
pub(super) const KEPT: i64 = 7 * 24 * 3_600;
/// Seconds for which a hash that is being filled aside is kept: whoever fills it may die over it.
pub(super) const ASIDE_KEPT: i64 = 60;

/// What scripts about many units have in common: they ask for all of them and write all of them in few commands. A
/// command takes no more than Lua's stack has room for.
const MANY: &str = r"
    local function ask(units)
        local kept = {}
        for from = 1, #units, 1000 do
            local values = redis.call('HMGET', KEYS[2], unpack(units, from, math.min(from + 999, #units)))
            for i, value in ipairs(values) do kept[units[from + i - 1]] = value end
        end
        return kept
    end
    local function write(list)
        for from = 1, #list, 1000 do
            redis.call('HSET', KEYS[2], unpack(list, from, math.min(from + 999, #list)))
        end
    end";

/// Grants whole holds, each provisionally, in the batch's order.
///
/// Keys: epoch, units, fence. Arguments: epoch, now, provisional end, `1` to judge or `0` to grant blindly, seconds to keep
/// the keys, then for each hold: id, number of units, units. Answers the fence of the first hold that was granted, whose
/// followers have the next ones, and what is to be said of single holds: place in the batch (from 1), then `over` and the
/// holds it took units over from, or `lost` and the places of the units that are not to be had, negative where another
/// grant is under way.
pub(super) static GRANT: LazyLock<Script> = LazyLock::new(|| {
    let script = r"
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('EPOCH not loaded') end
        local now, ending, judge = tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'
        local units, at = {}, 6
        while ARGV[at] do
            local count = tonumber(ARGV[at + 1])
            for i = 1, count do units[#units + 1] = ARGV[at + 1 + i] end
            at = at + 2 + count
        end
        local kept, written = ask(units), {}
        local granted, place, notes = 0, 0, {}
        at = 6
        while ARGV[at] do
            local hold, count = ARGV[at], tonumber(ARGV[at + 1])
            local lost, over = {}, {}
            for i = 1, count do
                local value = kept[ARGV[at + 1 + i]]
                if value and judge then
                    local owner, till, mark = string.match(value, '^([^|]+)|(%d+)(.*)$')
                    if not owner then
                        lost[#lost + 1] = tostring(i)
                    elseif owner ~= hold then
                        if tonumber(till) <= now then
                            over[#over + 1] = owner
                        else
                            lost[#lost + 1] = tostring(mark == '|p' and -i or i)
                        end
                    end
                end
            end
            place = place + 1
            if #lost == 0 then
                local value = hold .. '|' .. ending .. '|p'
                for i = 1, count do
                    local unit = ARGV[at + 1 + i]
                    kept[unit] = value
                    written[#written + 1] = unit
                    written[#written + 1] = value
                end
                granted = granted + 1
                if #over > 0 then notes[#notes + 1] = { tostring(place), 'over', unpack(over) } end
            else
                notes[#notes + 1] = { tostring(place), 'lost', unpack(lost) }
            end
            at = at + 2 + count
        end
        local first = 0
        if granted > 0 then
            write(written)
            first = redis.call('INCRBY', KEYS[3], granted) - granted + 1
        end
        for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[5]) end
        return { first, notes }";
    Script::new(&[MANY, script].concat())
});

/// Marks holds as journalled, where nothing happened to their units since they were granted.
///
/// Keys: epoch, units. Arguments: epoch, seconds to keep the keys, then for each hold: id, its end, number of units, units.
pub(super) static MARK: LazyLock<Script> = LazyLock::new(|| {
    let script = r"
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('EPOCH not loaded') end
        local units, values, at = {}, {}, 3
        while ARGV[at] do
            local count = tonumber(ARGV[at + 2])
            for i = 1, count do
                units[#units + 1] = ARGV[at + 2 + i]
                values[#values + 1] = { ARGV[at] .. '|', ARGV[at + 1] }
            end
            at = at + 3 + count
        end
        local kept, written = ask(units), {}
        for i, unit in ipairs(units) do
            local hold, ending = values[i][1], values[i][2]
            if kept[unit] and string.sub(kept[unit], 1, #hold) == hold then
                written[#written + 1] = unit
                written[#written + 1] = hold .. ending
            end
        end
        write(written)
        redis.call('EXPIRE', KEYS[2], ARGV[2])
        return 1";
    Script::new(&[MANY, script].concat())
});

/// Sets units to what Postgres says, where nothing happened to them since they were looked at.
///
/// Keys: epoch, units. Arguments: epoch, seconds to keep the keys, then for each unit: id, the value seen (empty: none), the
/// new one (empty: free).
pub(super) static SYNC: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('EPOCH not loaded') end
        for at = 3, #ARGV, 3 do
            local seen = redis.call('HGET', KEYS[2], ARGV[at]) or ''
            if seen == ARGV[at + 1] then
                if ARGV[at + 2] == '' then
                    redis.call('HDEL', KEYS[2], ARGV[at])
                else
                    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 2])
                end
            end
        end
        -- A hash that was empty has been made anew, without an end.
        redis.call('EXPIRE', KEYS[2], ARGV[2])
        return 1",
    )
});

/// Keeps what a loader says of itself, if nobody else says so.
///
/// Keys: loading. Arguments: the loader's token, milliseconds.
pub(super) static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('PEXPIRE', KEYS[1], ARGV[2])",
    )
});

/// Takes away what a loader says of itself, and nothing that another one says. As [`RENEW`].
pub(super) static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('DEL', KEYS[1])",
    )
});

/// Puts a rebuilt performance in place, unless a later epoch is there already.
///
/// Keys: epoch, units, fence, the hash that was filled aside. Arguments: epoch, fence, seconds to keep
/// the keys.
pub(super) static INSTALL: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then
            redis.call('DEL', KEYS[4])
            return 0
        end
        redis.call('DEL', KEYS[2])
        if redis.call('EXISTS', KEYS[4]) == 1 then redis.call('RENAME', KEYS[4], KEYS[2]) end
        redis.call('SET', KEYS[3], ARGV[2])
        redis.call('SET', KEYS[1], ARGV[1])
        -- Also the units: the hash brought the short time with it that it had aside.
        for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
        return 1",
    )
});
