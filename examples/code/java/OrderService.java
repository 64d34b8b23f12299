package examples.shop;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Takes orders, prices them and follows their state. */
public class OrderService {
    private final Map<Integer, Order> orders = new HashMap<Integer, Order>();
    private final Map<String, Double> prices = new HashMap<String, Double>();
    private int nextNumber = 1;

    public void setPrice(String product, double price) {
        if (price < 0) {
            throw new IllegalArgumentException("negative price for " + product);
        }
        prices.put(product, price);
    }

    public Order create(String customer) {
        Order order = new Order(nextNumber, customer);
        orders.put(nextNumber, order);
        nextNumber = nextNumber + 1;
        System.out.println("created " + order.number);
        return order;
    }

    public void addItem(int number, String product, int amount) {
        Order order = load(number);
        if (!order.state.equals("open")) {
            throw new IllegalStateException("order is " + order.state);
        }
        if (!prices.containsKey(product)) {
            throw new IllegalArgumentException("no price for " + product);
        }
        for (int count = 0; count < amount; count++) {
            order.items.add(product);
        }
    }

    public Order load(int number) {
        Order order = orders.get(number);
        if (order == null) {
            throw new IllegalStateException("no order " + number);
        }
        return order;
    }

    public double total(int number) {
        Order order = load(number);
        double sum = 0;
        for (String item : order.items) {
            sum = sum + prices.get(item);
        }
        return applyRebate(sum, order.items.size());
    }

    private double applyRebate(double sum, int count) {
        double rebate = count >= 10 ? 0.1 : 0;
        return round(sum * (1 - rebate));
    }

    private double round(double value) {
        return Math.round(value * 100) / 100.0;
    }

    public void submit(int number) {
        Order order = load(number);
        if (order.items.size() == 0) {
            System.err.println("empty order " + number);
            return;
        }
        order.state = "submitted";
        order.history.add("submitted");
    }

    public List<Order> ofCustomer(String customer) {
        return orders.values().stream()
            .filter(order -> order.customer.equals(customer))
            .collect(Collectors.toList());
    }

    public Optional<Order> largest() {
        return orders.values().stream().max((a, b) -> Double.compare(total(a.number), total(b.number)));
    }

    public int largestNumber() {
        Optional<Order> found = largest();
        return found.isPresent() ? found.get().number : 0;
    }

    public List<String> history(int number) {
        Order order = orders.get(number);
        return order == null ? Collections.emptyList() : order.history;
    }

    /** One order as it stands. */
    public static class Order {
        final int number;
        final String customer;
        final List<String> items = new ArrayList<String>();
        final List<String> history = new ArrayList<String>();
        String state = "open";

        Order(int number, String customer) {
            this.number = number;
            this.customer = customer;
        }

        public boolean isDone() {
            return state.equals("delivered") || state.equals("cancelled");
        }
    }
}
