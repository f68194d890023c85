import { notOwnerOf, type Owner } from "@tutti/kernel";

/** Does what one instance owns: here, or there when this one refuses because another owns it. */
export async function atOwner<Reply>(
  here: () => Promise<Reply>,
  there: (owner: Owner) => Promise<Reply>,
): Promise<Reply> {
  try {
    return await here();
  } catch (error) {
    const owner = notOwnerOf(error)?.owner;
    if (owner === undefined) throw error;
    return there(owner);
  }
}
