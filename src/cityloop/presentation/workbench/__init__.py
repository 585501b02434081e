"""What signed-in people work with: queue, cases, reports, the ranked figure. Rules and reads are in other floors."""
