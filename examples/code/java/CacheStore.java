package examples.cache;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** A bounded cache whose entries grow old. */
public class CacheStore {
    private final Map<String, Entry> entries = new LinkedHashMap<String, Entry>();
    private final Map<String, Integer> misses = new HashMap<String, Integer>();
    private final LongSupplier clock;
    private final int limit;
    private long hits = 0;

    public CacheStore(int limit, LongSupplier clock) {
        if (limit < 1) {
            throw new IllegalArgumentException("limit must be positive: " + limit);
        }
        if (clock == null) {
            throw new NullPointerException("clock is missing");
        }
        this.limit = limit;
        this.clock = clock;
    }

    public void put(String key, String value, long life) {
        if (key.equals("")) {
            throw new IllegalArgumentException("empty key");
        }
        long expires = life > 0 ? clock.getAsLong() + life : Long.MAX_VALUE;
        entries.remove(key);
        entries.put(key, new Entry(value, expires));
        shrink();
    }

    private void shrink() {
        while (entries.size() > limit) {
            String oldest = entries.keySet().iterator().next();
            entries.remove(oldest);
            System.out.println("evicted " + oldest);
        }
    }

    public Optional<String> get(String key) {
        Entry entry = entries.get(key);
        if (entry == null || entry.isOld(clock.getAsLong())) {
            countMiss(key);
            return Optional.empty();
        }
        hits = hits + 1;
        return Optional.of(entry.value);
    }

    public String getOrLoad(String key, Function<String, String> loader) {
        Optional<String> known = get(key);
        if (known.isPresent()) {
            return known.get();
        }
        String value = loader.apply(key);
        put(key, value, 0);
        return value;
    }

    private void countMiss(String key) {
        Integer before = misses.get(key);
        misses.put(key, before == null ? 1 : before + 1);
    }

    public List<String> oldKeys() {
        long now = clock.getAsLong();
        return entries.keySet().stream()
            .filter(key -> entries.get(key).isOld(now))
            .collect(Collectors.toList());
    }

    public int purge() {
        List<String> old = new ArrayList<String>(oldKeys());
        for (String key : old) {
            entries.remove(key);
        }
        if (old.size() == 0) {
            System.err.println("nothing to purge");
        }
        return old.size();
    }

    public boolean isEmpty() {
        return entries.size() == 0;
    }

    public long getHits() {
        return this.hits;
    }

    public String worstKey() {
        String worst = "";
        int highest = 0;
        for (Map.Entry<String, Integer> miss : misses.entrySet()) {
            if (miss.getValue() > highest) {
                highest = miss.getValue();
                worst = miss.getKey();
            }
        }
        return worst.length() == 0 ? "none" : worst;
    }

    public String report() {
        StringBuilder text = new StringBuilder();
        text.append("hits ");
        text.append(hits);
        text.append(",");
        text.append(String.format(" misses %d", misses.size()));
        return text.toString();
    }

    /** A value with the time at which it ends. */
    private static class Entry {
        final String value;
        final long expires;

        Entry(String value, long expires) {
            this.value = value;
            this.expires = expires;
        }

        boolean isOld(long now) {
            return this.expires <= now;
        }
    }
}
