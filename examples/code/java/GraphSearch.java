package examples.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds paths in an undirected graph of named nodes. */
public class GraphSearch {
    private final Map<String, Set<String>> edges = new HashMap<String, Set<String>>();
    private int visits = 0;

    public void connect(String first, String second) {
        if (first.equals(second)) {
            throw new IllegalArgumentException("a node cannot meet itself: " + first);
        }
        neighbours(first).add(second);
        neighbours(second).add(first);
    }

    private Set<String> neighbours(String name) {
        return edges.computeIfAbsent(name, key -> new HashSet<String>());
    }

    public List<String> path(String from, String to) {
        Map<String, String> before = new HashMap<String, String>();
        Deque<String> open = new ArrayDeque<String>();
        open.add(from);
        before.put(from, "");
        while (!open.isEmpty()) {
            String current = open.poll();
            visits = visits + 1;
            if (current.equals(to)) {
                return walkBack(before, to);
            }
            for (String next : sorted(neighbours(current))) {
                if (!before.containsKey(next)) {
                    before.put(next, current);
                    open.add(next);
                }
            }
        }
        System.out.println("no path from " + from);
        return Collections.emptyList();
    }

    private List<String> walkBack(Map<String, String> before, String last) {
        List<String> nodes = new ArrayList<String>();
        String current = last;
        while (current.length() != 0) {
            nodes.add(current);
            current = before.get(current);
        }
        Collections.reverse(nodes);
        return nodes;
    }

    public Set<String> component(String start) {
        Set<String> seen = new HashSet<String>();
        Deque<String> open = new ArrayDeque<String>();
        open.push(start);
        while (!open.isEmpty()) {
            String current = open.pop();
            if (seen.add(current)) {
                open.addAll(neighbours(current));
            }
        }
        return seen;
    }

    public Optional<String> busiest() {
        return edges.keySet().stream().max((a, b) -> Integer.compare(degree(a), degree(b)));
    }

    public String busiestName() {
        Optional<String> found = busiest();
        return found.isPresent() ? found.get() : "none";
    }

    public int degree(String name) {
        Set<String> others = edges.get(name);
        return others == null ? 0 : others.size();
    }

    public boolean isLonely(String name) {
        return neighbours(name).size() == 0;
    }

    public int getVisits() {
        return this.visits;
    }

    private List<String> sorted(Set<String> names) {
        return names.stream().sorted().collect(Collectors.toList());
    }

    public String describe(List<String> nodes) {
        if (nodes.size() == 0) {
            return "nothing";
        }
        StringBuilder text = new StringBuilder();
        for (String node : nodes) {
            text.append(text.length() == 0 ? "" : " - ");
            text.append(node);
        }
        text.append(".");
        return text.toString();
    }
}
