import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { Button, TooltipProvider } from "./Button";

afterEach(cleanup);

const show = (button: React.ReactElement) => render(<TooltipProvider>{button}</TooltipProvider>);

describe("a button that cannot be pressed", () => {
  it("says why, stays in the way of the Tab key, and does nothing", async () => {
    const pressed = vi.fn();
    show(<Button reason="prod is frozen until Monday" onClick={pressed}>Promote</Button>);
    const button = screen.getByRole("button", { name: /Promote/ });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    expect(button.hasAttribute("disabled")).toBe(false);
    const described = document.getElementById(button.getAttribute("aria-describedby") ?? "");
    expect(described?.textContent).toBe("Not possible: prod is frozen until Monday");
    await userEvent.tab();
    expect(document.activeElement).toBe(button);
    await userEvent.keyboard("{Enter}");
    await userEvent.click(button);
    expect(pressed).not.toHaveBeenCalled();
  });

  it("does not send its form", async () => {
    const sent = vi.fn((event: React.FormEvent) => event.preventDefault());
    show(<form onSubmit={sent}><Button type="submit" reason="paste a token first">Sign in</Button></form>);
    await userEvent.click(screen.getByRole("button"));
    expect(sent).not.toHaveBeenCalled();
  });
});

describe("a pending button", () => {
  it("cannot be pressed twice", async () => {
    const pressed = vi.fn();
    show(<Button pending onClick={pressed}>Promote</Button>);
    await userEvent.click(screen.getByRole("button"));
    expect(pressed).not.toHaveBeenCalled();
  });
});

describe("a button", () => {
  it("is pressed by keyboard and by pointer", async () => {
    const pressed = vi.fn();
    show(<Button onClick={pressed}>Retry</Button>);
    await userEvent.tab();
    await userEvent.keyboard("{Enter}");
    await userEvent.click(screen.getByRole("button"));
    expect(pressed).toHaveBeenCalledTimes(2);
  });
});
