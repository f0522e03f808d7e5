export const greeting = "Hello from an Nx library";
