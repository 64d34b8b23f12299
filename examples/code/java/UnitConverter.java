package examples.units;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Converts quantities between units of one dimension. */
public class UnitConverter {
    private final Map<String, Unit> units = new HashMap<String, Unit>();
    private final List<Quantity> recent = new ArrayList<Quantity>();
    private int conversions = 0;

    public UnitConverter() {
        register("m", "length", 1);
        register("km", "length", 1000);
        register("s", "time", 1);
        register("h", "time", 3600);
    }

    public void register(String symbol, String dimension, double factor) {
        if (factor <= 0) {
            throw new IllegalArgumentException("factor must be positive: " + factor);
        }
        units.put(symbol, new Unit(symbol, dimension, factor));
    }

    public Quantity convert(Quantity quantity, String symbol) {
        if (quantity == null) {
            throw new NullPointerException("quantity is missing");
        }
        Unit source = unit(quantity.symbol);
        Unit target = unit(symbol);
        if (!source.dimension.equals(target.dimension)) {
            throw new IllegalArgumentException("cannot convert to " + target.dimension);
        }
        double value = quantity.value * source.factor / target.factor;
        conversions = conversions + 1;
        Quantity result = new Quantity(value, symbol);
        recent.add(result);
        return result;
    }

    private Unit unit(String symbol) {
        Unit found = units.get(symbol);
        if (found == null) {
            System.err.println("unknown unit " + symbol);
            throw new IllegalStateException("unknown unit " + symbol);
        }
        return found;
    }

    public Quantity parse(String text) {
        List<String> parts = Arrays.asList(text.trim().split(" "));
        if (parts.size() != 2) {
            throw new IllegalArgumentException("not a quantity: " + text);
        }
        double value = Double.parseDouble(parts.get(0));
        return new Quantity(value, parts.get(1));
    }

    public List<String> symbols(String dimension) {
        return units.values().stream()
            .filter(unit -> unit.dimension.equals(dimension))
            .map(unit -> unit.symbol)
            .collect(Collectors.toList());
    }

    public Optional<Unit> largest(String dimension) {
        return units.values().stream()
            .filter(unit -> unit.dimension.equals(dimension))
            .max((a, b) -> Double.compare(a.factor, b.factor));
    }

    public String largestSymbol(String dimension) {
        Optional<Unit> found = largest(dimension);
        return found.isPresent() ? found.get().symbol : "";
    }

    public Quantity last() {
        return recent.size() == 0 ? null : recent.get(recent.size() - 1);
    }

    public int getConversions() {
        return this.conversions;
    }

    public Quantity sum(List<Quantity> quantities, String symbol) {
        double total = 0;
        for (Quantity quantity : quantities) {
            total = total + convert(quantity, symbol).value;
        }
        System.out.println("summed " + quantities.size());
        return new Quantity(total, symbol);
    }

    /** A unit of one dimension. */
    public static class Unit {
        final String symbol;
        final String dimension;
        final double factor;

        Unit(String symbol, String dimension, double factor) {
            this.symbol = symbol;
            this.dimension = dimension;
            this.factor = factor;
        }
    }

    /** A number of units. */
    public static class Quantity {
        final double value;
        final String symbol;

        Quantity(double value, String symbol) {
            this.value = value;
            this.symbol = symbol;
        }

        String format(int digits) {
            String pattern = digits == 0 ? "%.0f" : "%.2f";
            StringBuilder text = new StringBuilder();
            text.append(String.format(pattern, value));
            text.append(" ");
            text.append(symbol);
            return text.toString();
        }
    }
}
