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

/// Grants whole holds, each provisionally, in the batch's order.
///
/// Keys: epoch, units, fence. Arguments: epoch, now, provisional end, `1` to judge or `0` to grant blindly, seconds to keep
/// the keys, then for each hold: id, number of units, units. Answers for each hold its fence and the holds it took units
/// over from, or 0 and the places (from 1) of the units that are not to be had, negative where another grant is under way.
pub(super) static GRANT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('EPOCH not loaded') end
        local now, ending, judge = tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'
        local answers, at = {}, 6
        while ARGV[at] do
            local hold, count = ARGV[at], tonumber(ARGV[at + 1])
            local lost, from = {}, {}
            for i = 1, count do
                local value = redis.call('HGET', KEYS[2], ARGV[at + 1 + i])
                if value and judge then
                    local owner, till, mark = string.match(value, '^([^|]+)|(%d+)(.*)$')
                    if not owner then
                        lost[#lost + 1] = i
                    elseif owner ~= hold then
                        if tonumber(till) <= now then
                            from[#from + 1] = owner
                        else
                            lost[#lost + 1] = mark == '|p' and -i or i
                        end
                    end
                end
            end
            if #lost == 0 then
                for i = 1, count do
                    redis.call('HSET', KEYS[2], ARGV[at + 1 + i], hold .. '|' .. ending .. '|p')
                end
                table.insert(from, 1, tostring(redis.call('INCR', KEYS[3])))
                answers[#answers + 1] = from
            else
                local named = { '0' }
                for _, i in ipairs(lost) do named[#named + 1] = tostring(i) end
                answers[#answers + 1] = named
            end
            at = at + 2 + count
        end
        for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[5]) end
        return answers",
    )
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
