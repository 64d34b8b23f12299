package examples.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Collects events, filters them and tells listeners. */
public class EventLog {
    private static final List<String> LEVELS = Arrays.asList("debug", "info", "warn", "error");

    private final List<Event> events = new ArrayList<Event>();
    private final Map<String, List<Consumer<Event>>> listeners = new HashMap<String, List<Consumer<Event>>>();
    private String threshold = "info";
    private int dropped = 0;

    public void log(String level, String message) {
        int rank = LEVELS.indexOf(level);
        if (rank < 0) {
            throw new IllegalArgumentException("unknown level " + level);
        }
        if (rank < LEVELS.indexOf(threshold)) {
            dropped = dropped + 1;
            return;
        }
        Event event = new Event(level, message, events.size());
        events.add(event);
        tell(event);
    }

    public void info(String message) {
        log("info", message);
    }

    public void error(String message) {
        log("error", message);
        System.err.println("error: " + message);
    }

    public void subscribe(String level, Consumer<Event> listener) {
        List<Consumer<Event>> known = listeners.get(level);
        if (known == null) {
            known = new ArrayList<Consumer<Event>>();
            listeners.put(level, known);
        }
        known.add(listener);
    }

    private void tell(Event event) {
        List<Consumer<Event>> known = listeners.get(event.level);
        if (known == null || known.size() == 0) {
            return;
        }
        for (Consumer<Event> listener : known) {
            listener.accept(event);
        }
    }

    public List<Event> withLevel(String level) {
        return events.stream().filter(event -> event.level.equals(level)).collect(Collectors.toList());
    }

    public List<String> messages() {
        return events.stream().map(event -> event.message).collect(Collectors.toList());
    }

    public Event last() {
        if (events.size() == 0) {
            throw new IllegalStateException("no events yet");
        }
        return events.get(events.size() - 1);
    }

    public void setThreshold(String threshold) {
        if (threshold.equals("none")) {
            throw new IllegalArgumentException("a threshold is needed");
        }
        this.threshold = threshold;
    }

    public String summary() {
        StringBuilder text = new StringBuilder();
        for (String level : LEVELS) {
            int count = withLevel(level).size();
            text.append(level);
            text.append("=");
            text.append(count);
            text.append(";");
        }
        String kind = dropped > 0 ? "partial" : "complete";
        System.out.println("summary is " + kind);
        return text.toString();
    }

    /** What happened, at which level, and when in the order of events. */
    public static class Event {
        final String level;
        final String message;
        final int position;

        Event(String level, String message, int position) {
            this.level = level;
            this.message = message;
            this.position = position;
        }

        public boolean isSevere() {
            return level.equals("error") || level.equals("warn");
        }

        public String format(int width) {
            String text = message.length() > width ? message.substring(0, width) : message;
            return String.format("%s %s", level, text);
        }
    }
}
