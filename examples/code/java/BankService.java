package examples.bank;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Keeps accounts and moves money between them. */
public class BankService {
    private static final List<String> CURRENCIES = Arrays.asList("EUR", "USD", "CHF");

    private final Map<String, Account> accounts = new HashMap<String, Account>();
    private final List<String> journal = new ArrayList<String>();
    private int transfers = 0;

    public Account open(String id, String owner, String currency) {
        if (accounts.containsKey(id)) {
            throw new IllegalArgumentException("account exists: " + id);
        }
        if (!CURRENCIES.contains(currency)) {
            throw new IllegalArgumentException("unknown currency " + currency);
        }
        Account account = new Account(id, owner, currency);
        accounts.put(id, account);
        record("open", id);
        return account;
    }

    public Account find(String id) {
        Account account = accounts.get(id);
        if (account == null) {
            throw new IllegalStateException("no account " + id);
        }
        return account;
    }

    public boolean transfer(String from, String to, long amount) {
        Account source = find(from);
        Account target = find(to);
        if (amount <= 0) {
            throw new IllegalArgumentException("amount must be positive");
        }
        if (source.getBalance() < amount) {
            System.err.println("not enough money in " + from);
            return false;
        }
        source.setBalance(source.getBalance() - amount);
        target.setBalance(target.getBalance() + amount);
        transfers = transfers + 1;
        record("transfer", from + " to " + to);
        return true;
    }

    public List<Account> richest(int count) {
        List<Account> sorted = new ArrayList<Account>(accounts.values());
        sorted.sort((first, second) -> Long.compare(second.getBalance(), first.getBalance()));
        return sorted.stream().limit(count).collect(Collectors.toList());
    }

    public List<String> owners() {
        return accounts.values().stream().map(Account::getOwner).collect(Collectors.toList());
    }

    public String lastEntry() {
        return journal.size() == 0 ? "" : journal.get(journal.size() - 1);
    }

    public int getTransfers() {
        return this.transfers;
    }

    private void record(String action, String detail) {
        String entry = action + ": " + detail;
        journal.add(entry);
        System.out.println(entry);
    }

    /** One account with its owner. */
    public static class Account {
        private final String id;
        private final String owner;
        private final String currency;
        private long balance;

        Account(String id, String owner, String currency) {
            this.id = id;
            this.owner = owner;
            this.currency = currency;
        }

        public String getId() {
            return id;
        }

        public String getOwner() {
            return owner;
        }

        public boolean isEuro() {
            return currency.equals("EUR");
        }

        public long getBalance() {
            return balance;
        }

        public void setBalance(long balance) {
            this.balance = balance;
        }
    }
}
