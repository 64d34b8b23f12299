package examples.web;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Finds the handler of a request path. */
public class RouteTable {
    private static final List<String> METHODS = Arrays.asList("GET", "POST", "DELETE");

    private final List<Route> routes = new ArrayList<Route>();
    private final Map<String, Integer> counts = new HashMap<String, Integer>();
    private int failures = 0;

    public void add(String method, String pattern, Function<Map<String, String>, String> handler) {
        if (!METHODS.contains(method)) {
            throw new IllegalArgumentException("unknown method " + method);
        }
        if (handler == null) {
            throw new NullPointerException("handler is missing");
        }
        Route route = new Route(method, split(pattern), handler);
        routes.add(route);
        System.out.println("route " + pattern);
    }

    public String handle(String method, String path) {
        count(method);
        for (Route route : routes) {
            Map<String, String> parameters = match(route, method, split(path));
            if (parameters != null) {
                return run(route, parameters);
            }
        }
        System.err.println("no route for " + path);
        return "404";
    }

    private String run(Route route, Map<String, String> parameters) {
        try {
            String body = route.handler.apply(parameters);
            return body == null ? "204" : body;
        } catch (RuntimeException error) {
            failures = failures + 1;
            System.err.println("failed: " + error.getMessage());
            return "500";
        }
    }

    private Map<String, String> match(Route route, String method, List<String> parts) {
        if (!route.method.equals(method) || route.segments.size() != parts.size()) {
            return null;
        }
        Map<String, String> parameters = new HashMap<String, String>();
        for (int index = 0; index < parts.size(); index++) {
            String segment = route.segments.get(index);
            String part = parts.get(index);
            if (segment.startsWith(":")) {
                parameters.put(segment.substring(1), part);
            } else if (!segment.equals(part)) {
                return null;
            }
        }
        return parameters;
    }

    private List<String> split(String path) {
        return Arrays.stream(path.split("/")).filter(part -> part.length() != 0).collect(Collectors.toList());
    }

    private void count(String method) {
        Integer before = counts.get(method);
        counts.put(method, before == null ? 1 : before + 1);
    }

    public Optional<Route> find(String method) {
        return routes.stream().filter(route -> route.method.equals(method)).findFirst();
    }

    public String firstPath(String method) {
        Optional<Route> found = find(method);
        return found.isPresent() ? found.get().path() : "/";
    }

    public boolean isEmpty() {
        return routes.size() == 0;
    }

    public int getFailures() {
        return this.failures;
    }

    public List<String> paths() {
        List<String> paths = new ArrayList<String>();
        for (Route route : routes) {
            paths.add(route.path());
        }
        return paths;
    }

    /** A pattern and what answers it. */
    public static class Route {
        final String method;
        final List<String> segments;
        final Function<Map<String, String>, String> handler;

        Route(String method, List<String> segments, Function<Map<String, String>, String> handler) {
            this.method = method;
            this.segments = segments;
            this.handler = handler;
        }

        String path() {
            StringBuilder text = new StringBuilder();
            for (String segment : segments) {
                text.append("/");
                text.append(segment);
            }
            return text.length() == 0 ? "/" : text.toString();
        }
    }
}
